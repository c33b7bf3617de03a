import { expect, test } from '@jest/globals';
import { fidelityReward, selfVoteReward, type Vote } from '../../src/index.js';
import { batchOf, columnOf, expectClose } from '../batches.js';

const votesFor = (counts: Record<string, number>): Vote[] =>
  Object.entries(counts).flatMap(([key, count]) => {
    const [a = '', b = '', better] = key.split(' ');
    return Array.from({ length: count }, (): Vote => ({ a, b, better: better as Vote['better'] }));
  });

const IMAGES = batchOf({ label: 1, says: [4, 3] }, { label: 1, says: [3.5, 2.5] }, { label: 1, says: [2, 3] });

test('the majority stands in for the labels, whichever way round a pair was asked', async () => {
  // 0 beats 1 by 2:1, 1 beats 2 by 1:0, 0 and 2 draw: as labels 0 > 1, 1 > 2, 0 = 2 would say
  const votes = votesFor({ '0 1 a': 1, '1 0 b': 1, '0 1 b': 1, '2 1 b': 1, '0 2 a': 1, '2 0 a': 1 });
  const targets: Record<string, number> = { '0 1': 1, '1 0': 0, '1 2': 1, '2 1': 0, '0 2': 0.5, '2 0': 0.5 };
  const expected = fidelityReward({ preference: (a, b) => targets[`${a} ${b}`] });
  expectClose(await columnOf(selfVoteReward({ votes }), IMAGES), await columnOf(expected, IMAGES));
});

test('pairs without votes are left out, images without pairs get null', async () => {
  const votes = votesFor({ '0 1 a': 1 });
  const values = await columnOf(selfVoteReward({ votes }), IMAGES);
  expect(values.slice(4)).toEqual([null, null]);
  // image 0 is compared with image 1 alone: z = 4 - 3 = 1, as in the test of fidelity
  expect(values[0]).toBeCloseTo(Math.sqrt(0.8413447460685429), 2);
});
