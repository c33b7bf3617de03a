import { describe, expect, test } from '@jest/globals';
import { byGroup } from '../../src/batch-reward.js';
import type { BatchReward, Reward, Sample } from '../../src/index.js';
import { determinismLaw, monotoneLaw, orderLaw, rangeLaw, taskLaw, whiteSpaceLaw } from '../../src/testing/index.js';

const reward = (score: Reward['score']): Reward => ({ name: 'r', range: [0, 1], score });
const good = reward((sample) => (sample.completion.includes('blur') ? 1 : 0));
const seeded = { seed: 7, runs: 100 };
const write = (score: number): string => `<answer>{"rating": ${score}}</answer>`;

test('a good reward keeps every law', async () => {
  await rangeLaw(good, seeded);
  await determinismLaw(good, seeded);
  await orderLaw(good, seeded);
  await whiteSpaceLaw(good, seeded);
  await taskLaw(reward((sample) => (sample.label.task === 'score' ? 1 : null)), ['score'], seeded); // prettier-ignore
  await monotoneLaw(good, write, seeded);
});

describe('each law finds who breaks it', () => {
  test('range', async () => {
    await expect(
      rangeLaw(
        reward((s) => s.completion.length / 10),
        seeded,
      ),
    ).rejects.toThrow('must give null or a number in [0, 1]');
    await expect(
      rangeLaw(
        reward((s) => JSON.parse(s.completion) as number),
        seeded,
      ),
    ).rejects.toThrow('threw');
    await expect(
      rangeLaw(
        reward((s) => (s.completion.includes('\u0000') ? NaN : 1)),
        seeded,
      ),
    ).rejects.toThrow('NaN');
  });

  test('determinism', async () => {
    let calls = 0;
    await expect(determinismLaw(reward(() => (calls++ % 7) / 7), seeded)).rejects.toThrow('the same samples again'); // prettier-ignore
    const careless = reward((sample) => {
      (sample as { completion: string }).completion += 'x';
      return 1;
    });
    await expect(determinismLaw(careless, seeded)).rejects.toThrow('the reward changed its samples');
    const known = new Set<Sample>();
    const byIdentity = reward((sample) => {
      if (known.size === 0) known.add(sample);
      return known.has(sample) ? 1 : 0;
    });
    await expect(determinismLaw(byIdentity, seeded)).rejects.toThrow('copies of the samples');
  });

  test('order', async () => {
    const first: BatchReward = {
      name: 'first',
      range: [0, 1],
      scoreBatch: (samples) => new Map(samples.map((sample, i) => [sample.id, i === 0 ? 1 : 0])),
    };
    await expect(orderLaw(first, seeded)).rejects.toThrow('the samples in reverse');
    const firstOfGroup: BatchReward = {
      ...first,
      scoreBatch: (samples) => {
        const leads = new Set(
          [...byGroup(samples).values()].map((members) => members.toSorted((a, b) => (a.id < b.id ? -1 : 1))[0]),
        );
        const blocks = samples.filter((sample, i) => sample.group !== samples[i - 1]?.group).length;
        return new Map(samples.map((sample) => [sample.id, leads.has(sample) ? 1 / blocks : 0]));
      },
    };
    await expect(orderLaw(firstOfGroup, seeded)).rejects.toThrow('the groups interleaved');
    let last = '';
    const stateful = reward((sample) => {
      const again = last === sample.group;
      last = sample.group;
      return again ? 1 : 0;
    });
    await expect(orderLaw(stateful, seeded)).rejects.toThrow(/got|another reward alone/);
  });

  test('white space', async () => {
    await expect(whiteSpaceLaw(reward((s) => (s.completion.startsWith('<think>') ? 1 : 0)), seeded)).rejects.toThrow('white space at the ends'); // prettier-ignore
  });

  test('task', async () => {
    await expect(taskLaw(reward(() => 0), ['score'], seeded)).rejects.toThrow('is of another task, and gets 0 instead of null'); // prettier-ignore
  });

  test('monotone', async () => {
    const farIsGood = reward((s) => (s.completion === write(s.label.task === 'score' ? s.label.score : 0) ? 0 : 1));
    await expect(monotoneLaw(farIsGood, write, { runs: 2000, seed: 1 })).rejects.toThrow(
      'the nearer score earns 0, the farther 1',
    );
  });
});

test('a failure names the seed and the smallest batch', async () => {
  const failure = rangeLaw(reward((s) => (s.completion.includes('{') ? 2 : 1)), seeded); // prettier-ignore
  await expect(failure).rejects.toThrow(/seed: 7[^]*completion[^]*\{/);
});
