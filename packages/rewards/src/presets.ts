import type { AnyReward } from './batch-reward.js';
import { attributeSpreadReward } from './rewards/attribute-spread.js';
import { concordanceReward } from './rewards/concordance.js';
import { fidelityReward } from './rewards/fidelity.js';
import { intraGroupReward } from './rewards/intra-group.js';
import { laplaceReward } from './rewards/laplace.js';
import { lengthWindowReward } from './rewards/length-window.js';
import { marginReward } from './rewards/margin.js';
import { matchedPairReward } from './rewards/matched-pair.js';
import { probabilityDifferenceReward } from './rewards/probability-difference.js';
import { qInsightRewards } from './rewards/q-insight.js';
import { rankPlusAbsoluteReward } from './rewards/rank-plus-absolute.js';
import { relativeErrorReward } from './rewards/relative-error.js';
import { scoreReward } from './rewards/score.js';
import { temporalReward } from './rewards/temporal.js';
import { thinkAnswerFormatReward } from './rewards/think-answer-format.js';
import { tripletReward } from './rewards/triplet.js';

/** Rewards and their weights, ready for {@link runRewards}. */
export interface RewardPreset {
  /** The rewards. */
  readonly rewards: AnyReward[];
  /** Weight by reward name. */
  readonly weights: Readonly<Record<string, number>>;
}

/** Names of the {@link rewardPresets}. */
export type RewardPresetName =
  | 'q-insight'
  | 'q-insight-upstream'
  | 'visualquality-r1'
  | 'rapo'
  | 'mr-iqa'
  | 'q-hawkeye'
  | 'refine-iqa'
  | 'preresq-r1'
  | 'vq-insight'
  | 'ccc-grpo';

const last = { which: 'last' } as const;

function preset(rewards: AnyReward[], weights: Readonly<Record<string, number>> = {}): RewardPreset {
  return { rewards, weights: { ...Object.fromEntries(rewards.map((reward) => [reward.name, 1])), ...weights } };
}

/**
 * The rewards of published systems with their constants. What lies outside the rewards (advantage weights, entropy terms, group
 * filters) is not part of them.
 *
 * - `q-insight` (arXiv 2503.22679): format, score, degradation, comparison, read with care; `q-insight-upstream`: read as the
 *   released code does.
 * - `visualquality-r1` (2505.14460): format and fidelity, last answer; its code draws a random score for an unreadable answer,
 *   this gives 0.
 * - `rapo` (Aes-R1, 2509.21871): format, ranking plus bell curve; sigma 0.4 on 1 to 5 is the code's 0.1 on 0 to 1.
 * - `mr-iqa` (2606.29760): format and margin with unit spread.
 * - `q-hawkeye` (2601.22920): 0.8 format and exp(-|q - s| / 0.3).
 * - `refine-iqa` (2508.03763): format, score within 0.5, and the probability gained by reasoning.
 * - `preresq-r1` (2511.05393): 0.375 matched pairs, spread penalty, 0.5 agreement within the group, 0.125 triplets.
 * - `vq-insight` (2506.18564): relative error with bonuses for temporal order and length.
 * - `ccc-grpo` (2605.01402): format and the concordance of the batch with its labels.
 *
 * @example
 * ```ts
 * const { rewards, weights } = rewardPresets['visualquality-r1']();
 * const report = await runRewards(samples, rewards, { weights });
 * ```
 */
export const rewardPresets: Readonly<Record<RewardPresetName, () => RewardPreset>> = {
  'q-insight': () => preset(qInsightRewards()),
  'q-insight-upstream': () => preset(qInsightRewards({ style: 'upstream' })),
  'visualquality-r1': () => preset([thinkAnswerFormatReward(), fidelityReward({ read: last })]),
  rapo: () => preset([thinkAnswerFormatReward(), rankPlusAbsoluteReward({ read: last })]),
  'mr-iqa': () => preset([thinkAnswerFormatReward(), marginReward()]),
  'q-hawkeye': () => preset([thinkAnswerFormatReward(), laplaceReward()], { thinkAnswerFormat: 0.8 }),
  'refine-iqa': () =>
    preset([
      thinkAnswerFormatReward(),
      scoreReward({ threshold: 0.5, bound: 'inclusive' }),
      probabilityDifferenceReward(),
    ]),
  'preresq-r1': () =>
    preset([matchedPairReward(), attributeSpreadReward(), intraGroupReward(), tripletReward()], {
      matchedPair: 0.375,
      intraGroup: 0.5,
      triplet: 0.125,
    }),
  'vq-insight': () => {
    const accuracy = relativeErrorReward();
    return preset([accuracy, temporalReward({ accuracy }), lengthWindowReward({ accuracy })]);
  },
  'ccc-grpo': () => preset([thinkAnswerFormatReward(), concordanceReward()]),
};
