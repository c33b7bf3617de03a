import { describe, expect, test } from '@jest/globals';
import { rewardPresets, runRewards, type RewardPresetName, type Sample } from '../src/index.js';
import { expectClose } from './batches.js';

/** Two images, labels 4 and 2, of one completion each, whose answers are right, a little off, and laid out. */
const samples = (answers: [string, string], extra: Partial<Sample> = {}): Sample[] =>
  answers.map((answer, i) => ({
    id: String(i),
    group: String(i),
    completion: `<think>a</think><answer>${answer}</answer>`,
    label: { task: 'score', score: i === 0 ? 4 : 2 },
    completionIds: new Array<number>(400).fill(0),
    ...extra,
  }));
const totals = async (name: RewardPresetName, batch: Sample[]): Promise<(number | null)[]> => {
  const { rewards, weights } = rewardPresets[name]();
  return (await runRewards(batch, rewards, { weights })).totals;
};
const RIGHT = samples(['4', '2']);
const JSON_RIGHT = samples(['{"rating": 4}', '{"rating": 2}']);
const ROOT = 1e-3; // √1e-6, what the epsilon under the roots leaves

describe('a right batch earns what the paper gives it', () => {
  test.each<[RewardPresetName, Sample[], number]>([
    ['q-insight', JSON_RIGHT, 2],
    ['q-insight-upstream', JSON_RIGHT, 1], // all on one line: no format reward
    ['visualquality-r1', RIGHT, 1 + Math.sqrt(1 + 1e-6) + ROOT],
    ['rapo', RIGHT, 1 + Math.sqrt(1 + 1e-6) + ROOT + 1 + 1e-5],
    ['mr-iqa', RIGHT, 2],
    ['q-hawkeye', RIGHT, 1.8],
    ['refine-iqa', JSON_RIGHT, 2],
    ['vq-insight', RIGHT, 1],
    ['ccc-grpo', RIGHT, 2],
  ])('%s', async (name, batch, total) => {
    expectClose(await totals(name, batch), [total, total]);
  });
});

test('preresq-r1: five scores an answer, three images', async () => {
  const answer = (mean: number): string => [mean - 1, mean - 0.5, mean, mean + 0.5, mean + 1].join('\n');
  const images = [4, 3, 2].flatMap((score, image) =>
    [0, 1, 2].map((k): Sample => ({
      id: `${image}.${k}`,
      group: String(image),
      completion: `<answer>${answer(score)}</answer>`,
      label: { task: 'score', score },
    })),
  );
  // pairs without error: √1; std √0.625 = 0.79 above ½: 0; the same answers: every score is a median: ½; all triples right: 1
  expectClose(await totals('preresq-r1', images), new Array<number>(9).fill(0.375 + 0.5 * 0.5 + 0.125));
});

test('vq-insight: bonuses for order and length', async () => {
  const group = samples(['4', '2']).map((sample, i) => ({
    ...sample,
    group: 'g',
    label: { task: 'score' as const, score: i === 0 ? 4 : 2 },
  }));
  const control = { ...group[0]!, id: 'control', metadata: { frames: 'shuffled' } };
  // relative error 1; ordered as accurate as shuffled: 0.3; 400 tokens and three right: 0.2
  expectClose((await totals('vq-insight', [...group, control])).slice(0, 2), [1.5, 1.5]);
});

test('refine-iqa: reasoning that helps earns its gain', async () => {
  const metadata = { thinkProbability: 0.75, noThinkProbability: 0.5 };
  expectClose(await totals('refine-iqa', samples(['{"rating": 4.5}', '{"rating": 2.6}'], { metadata })), [2.25, 1]);
});

test('visualquality-r1 and rapo take the last answer', async () => {
  const twice = samples(['1</answer><answer>4', '5</answer><answer>2']);
  expectClose(await totals('visualquality-r1', twice), await totals('visualquality-r1', RIGHT));
  expectClose(await totals('rapo', twice), await totals('rapo', RIGHT));
});

test('every weight belongs to a reward', () => {
  for (const make of Object.values(rewardPresets)) {
    const { rewards, weights } = make();
    expect(Object.keys(weights)).toEqual(rewards.map((reward) => reward.name));
  }
});
