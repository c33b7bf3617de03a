import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatReward, qInsightRewards, thinkFormatReward, type Reward } from '../../src/index.js';
import { anySample } from '../arbitraries.js';

const REWARDS: [string, Reward][] = [
  ...qInsightRewards().map((reward): [string, Reward] => [`${reward.name}, default`, reward]),
  ...qInsightRewards({ style: 'upstream' }).map((reward): [string, Reward] => [`${reward.name}, upstream`, reward]),
  ['thinkFormat', thinkFormatReward()],
];

describe.each(REWARDS)('%s', (_, reward) => {
  test('gives null or a number in its range, the same each time, and a reason; never throws', () => {
    fc.assert(
      fc.property(anySample, (sample) => {
        const value = reward.score(sample) as number | null;
        if (value !== null) {
          expect(value).toBeGreaterThanOrEqual(reward.range[0]);
          expect(value).toBeLessThanOrEqual(reward.range[1]);
        }
        expect(reward.score({ ...sample })).toBe(value);
        expect(reward.explain?.(sample).length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  test('is null exactly on the tasks it is not made for', () => {
    fc.assert(
      fc.property(anySample, (sample) => {
        const always = ['format', 'thinkFormat'].includes(reward.name);
        expect(reward.score(sample) === null).toBe(!always && reward.name !== sample.label.task);
      }),
    );
  });
});

test.each([...qInsightRewards(), formatReward()].map((reward): [string, Reward] => [reward.name, reward]))(
  '%s does not mind white space at the ends',
  (_, reward) => {
    const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r\n') });
    fc.assert(
      fc.property(anySample, space, space, (sample, before, after) => {
        const padded = { ...sample, completion: before + sample.completion + after };
        expect(reward.score(padded)).toBe(reward.score(sample));
      }),
      { numRuns: 1000 },
    );
  },
);
