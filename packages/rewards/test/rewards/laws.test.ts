import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as api from '../../src/index.js';
import type { AnyReward, Label, Reward } from '../../src/index.js';
import { anyBatch, anyCompletion, anyLabel } from '../../src/testing/arbitraries.js';
import { determinismLaw, monotoneLaw, orderLaw, rangeLaw, taskLaw, whiteSpaceLaw } from '../../src/testing/index.js';

type Task = Label['task'];
const ALL: Task[] = ['score', 'degradation', 'comparison'];
const length: Reward = { name: 'length', range: [0, 1], score: (s) => Math.min(1, s.completion.length / 100) };
const upstream = { style: 'upstream' } as const;

/** Every reward of the package: the tasks it is made for, and whether white space at the ends leaves it as it is. */
const REWARDS: [name: string, reward: AnyReward, tasks: Task[], trims: boolean][] = [
  ['formatReward', api.formatReward(), ALL, true],
  ['formatReward upstream', api.formatReward(upstream), ALL, false],
  ['scoreReward', api.scoreReward(), ['score'], true],
  ['scoreReward upstream', api.scoreReward(upstream), ['score'], true],
  ['degradationReward', api.degradationReward(), ['degradation'], true],
  ['degradationReward upstream', api.degradationReward(upstream), ['degradation'], true],
  ['comparisonReward', api.comparisonReward(), ['comparison'], true],
  ['comparisonReward upstream', api.comparisonReward(upstream), ['comparison'], true],
  ['thinkFormatReward', api.thinkFormatReward(), ALL, false],
  ['thinkAnswerFormatReward', api.thinkAnswerFormatReward(), ALL, false],
  ['tagCountReward', api.tagCountReward(), ALL, true],
  ['gaussianReward', api.gaussianReward(), ['score'], true],
  ['laplaceReward', api.laplaceReward(), ['score'], true],
  ['relativeErrorReward', api.relativeErrorReward(), ['score'], true],
  ['fidelityReward', api.fidelityReward(), ['score'], true],
  ['rankPlusAbsoluteReward', api.rankPlusAbsoluteReward(), ['score'], true],
  ['marginReward', api.marginReward(), ['score'], true],
  ['concordanceReward', api.concordanceReward(), ['score'], true],
  ['selfVoteReward', api.selfVoteReward({ votes: [{ a: 'g0', b: 'g1', better: 'a' }] }), ['score'], true],
  ['matchedPairReward', api.matchedPairReward({ count: 1 }), ['score'], true],
  ['tripletReward', api.tripletReward({ count: 1 }), ['score'], true],
  ['intraGroupReward', api.intraGroupReward({ count: 1 }), ['score'], true],
  ['attributeSpreadReward', api.attributeSpreadReward({ count: 2 }), ['score'], true],
  ['probabilityDifferenceReward', api.probabilityDifferenceReward(), ['score'], true],
  ['temporalReward', api.temporalReward({ accuracy: api.scoreReward() }), ['score'], true],
  ['lengthWindowReward', api.lengthWindowReward({ accuracy: length, window: [5, 20] }), ALL, false],
  ['ordinalLevelReward', api.ordinalLevelReward(), ['degradation'], true],
  ['regionReward', api.regionReward(), [], true],
  ['toolUseReward', api.toolUseReward(), ALL, true],
  ['softOverlongReward', api.softOverlongReward({ maxLength: 30, cache: 10 }), ALL, true],
  ['repetitionReward', api.repetitionReward({ size: 1 }), ALL, true],
  ['repetitionReward tokens', api.repetitionReward({ size: 2, unit: 'tokens' }), ALL, true],
  ['cosineLengthReward', api.cosineLengthReward({ accuracy: length, maxLength: 20 }), ALL, false],
  ['exactReward', api.exactReward({ expected: () => 'Image A', match: 'folded' }), ALL, true],
  ['numericReward', api.numericReward({ expected: () => 3.5 }), ALL, true],
  ['mathAccuracyReward', api.mathAccuracyReward({ expected: () => '3.5' }), ALL, true],
  ['jsonSchemaReward', api.jsonSchemaReward({ schema: { type: 'object' } }), ALL, true],
  ['languageReward', api.languageReward(), ALL, true],
];

test('no reward is forgotten', () => {
  const apart = ['isBatchReward', 'judgeReward']; // no factory; needs a model to ask
  const factories = Object.keys(api).filter((name) => name.endsWith('Reward') && !apart.includes(name));
  expect(new Set(REWARDS.map(([name]) => name.split(' ')[0]))).toEqual(new Set(factories));
});

describe.each(REWARDS)('%s', (_, reward, tasks, trims) => {
  test('keeps its range on any text', () => rangeLaw(reward));
  test('is deterministic', () => determinismLaw(reward, { runs: 100 }));
  test('does not mind the order', () => orderLaw(reward, { runs: 100 }));
  if (trims) test('does not mind white space at the ends', () => whiteSpaceLaw(reward, { runs: 100 }));
  if (tasks.length < ALL.length) test('is null on other tasks', () => taskLaw(reward, tasks, { runs: 100 }));

  test('gives reasons for every sample, if it gives any', async () => {
    await fc.assert(
      fc.asyncProperty(anyBatch(), async (samples) => {
        for (const { reason } of await api.explain(samples[0]!, [reward], samples)) expect(reason).toMatch(/\S/);
      }),
      { numRuns: 100 },
    );
  });
});

test.each(
  [api.scoreReward(), api.gaussianReward(), api.laplaceReward(), api.relativeErrorReward()].map(
    (r) => [r.name, r] as const,
  ),
)('%s falls with the error', (_, reward) =>
  monotoneLaw(reward, (score) => `<answer>{"rating": ${score}}</answer>`, { runs: 1000 }),
);

test.each([...api.qInsightRewards(), ...api.qInsightRewards(upstream)].map((r) => [r.name, r] as const))(
  '%s: null exactly on other tasks',
  (_, reward) => {
    fc.assert(
      fc.property(anyCompletion, anyLabel, (completion, label) => {
        const value = reward.score({ id: 's', group: 'g', completion, label });
        expect(value === null).toBe(reward.name !== 'format' && reward.name !== label.task);
      }),
    );
  },
);
