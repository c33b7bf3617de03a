import { expect, test } from '@jest/globals';
import {
  attributeSpreadReward,
  intraGroupReward,
  matchedPairReward,
  readNumbers,
  tripletReward,
  type Sample,
} from '../../src/index.js';
import { columnOf, expectClose } from '../batches.js';

/** Images by label and the score lists of their completions. */
const batch = (...images: [label: number, ...lists: number[][]][]): Sample[] =>
  images.flatMap(([score, ...lists], image) =>
    lists.map((list, k) => ({
      id: `${image}.${k}`,
      group: String(image),
      completion: `<answer>${list.join('\n')}</answer>`,
      label: { task: 'score' as const, score },
    })),
  );

test('matched pair: by rank within the groups', async () => {
  // image 0, label 4: predictions 4, 3, so ranks 1, 0; image 1, label 2: predictions 1, 3
  // rank 0: 3 against 1, errors 1 and 1, gap 2: m = 2/4, right order: √(1/2)
  // rank 1: 4 against 3, errors 0 and 1: m = 2/3: √(2/3)
  const values = await columnOf(matchedPairReward({ count: 1 }), batch([4, [4], [3]], [2, [1], [3]]));
  expectClose(values, [Math.sqrt(2 / 3), Math.SQRT1_2, Math.SQRT1_2, Math.sqrt(2 / 3)]);
});

test('matched pair: the wrong order earns √(1 - m); equal labels have no order', async () => {
  // 2 against 3, labels 4 and 2: errors 2 and 1, gap 2: m = 2/5: √(3/5)
  expectClose(await columnOf(matchedPairReward({ count: 1 }), batch([4, [2]], [2, [3]])), [
    Math.sqrt(0.6),
    Math.sqrt(0.6),
  ]);
  expectClose(await columnOf(matchedPairReward({ count: 1 }), batch([4, [2]], [4, [3]])), [null, null]);
});

test('matched pair: the prediction is the mean of the list', async () => {
  // (3 + 5) / 2 = 4 against 2: no errors: m = 1
  expectClose(await columnOf(matchedPairReward({ count: 2 }), batch([4, [3, 5]], [2, [2, 2]])), [1, 1]);
});

test('triplet: the share of right pairs', async () => {
  // labels 1, 2, 3, predictions 1, 3, 2: pairs 12 and 13 right, 23 wrong: 2/3 for each
  expectClose(await columnOf(tripletReward({ count: 1 }), batch([1, [1]], [2, [3]], [3, [2]])), [2 / 3, 2 / 3, 2 / 3]);
  expectClose(await columnOf(tripletReward({ count: 1 }), batch([1, [1]], [2, [2]])), [null, null]);
});

test('triplet: of four images, three triples hold each', async () => {
  // labels 1..4, predictions 1, 2, 4, 3, wrong pair 34 only. Image 1: triples 123, 124, 134 have 3 + 3 + 2 right of 9.
  // Image 3: triples 312, 314, 324 have 3 + 2 + 2 right of 9.
  const values = await columnOf(tripletReward({ count: 1 }), batch([1, [1]], [2, [2]], [3, [4]], [4, [3]]));
  expectClose(values, [8 / 9, 8 / 9, 7 / 9, 7 / 9]);
});

test('intra-group: half the share of triples in which the score is the median', async () => {
  // 1, 2, 3, 4: 2 is the median of 123 and 124, not of 234: 2/3; 1 of none
  const values = await columnOf(intraGroupReward({ count: 1 }), batch([3, [1], [2], [3], [4]]));
  expectClose(values, [0, 1 / 3, 1 / 3, 0]);
});

test('intra-group: near the median counts, and attributes are averaged', async () => {
  // attribute 0: 1, 1.04, 5: 1 is within 0.05 of the median 1.04; attribute 1: 1, 2, 3: 1 is not: (1 + 0)/2 · ½
  const values = await columnOf(intraGroupReward({ count: 2 }), batch([3, [1, 1], [1.04, 2], [5, 3]]));
  expectClose(values, [0.25, 0.5, 0]);
  expectClose(await columnOf(intraGroupReward({ count: 1 }), batch([3, [1], [2]])), [null, null]);
});

test('attribute spread: half of what the standard deviation lacks to ½', async () => {
  // 3, 3.5, 3, 3.5, 3.25: squares of the deviations 4 · 1/16, over n - 1 = 4: std = 1/4: -½ (½ - ¼)
  const lists = [
    [3, 3, 3, 3, 3],
    [3, 3.5, 3, 3.5, 3.25],
    [1, 2, 3, 4, 5],
    [3, 3],
  ];
  expectClose(await columnOf(attributeSpreadReward(), batch([3, ...lists])), [-0.25, -0.125, 0, -0.25]);
});

test('an answer with too few numbers earns 0', async () => {
  for (const reward of [matchedPairReward(), tripletReward(), intraGroupReward()]) {
    const samples = batch([1, [1, 2]], [2, [1, 2, 3, 4, 5]], [3, [1, 2, 3, 4, 5]]);
    expect((await columnOf(reward, samples))[0]).toBe(0);
  }
});

test('the labels of a group must agree', async () => {
  const [first, second] = batch([1, [1], [2]]) as [Sample, Sample];
  const mixed = [first, { ...second, label: { task: 'score', score: 2 } as const }];
  await expect(columnOf(tripletReward({ count: 1 }), mixed)).rejects.toThrow('group "0" has the labels 1 and 2');
});

test.each([
  ['<answer>Sharpness: 3\nColour: 4.5\nOverall: -4</answer>', 3, [3, 4.5, -4]],
  ['<answer>1 2 3</answer>', 2, [2, 3]],
  ['<answer>v2 1.5x 3.1.4 a1</answer>', 1, '1 numbers were expected, 0 were found'],
  ['<answer>1</answer>', 2, '2 numbers were expected, 1 were found'],
  ['1', 1, 'no <answer> was found'],
])('readNumbers of %j', (text, count, expected) => {
  const reading = readNumbers(text, count);
  expect('value' in reading ? reading.value : reading.reason).toEqual(expected);
});
