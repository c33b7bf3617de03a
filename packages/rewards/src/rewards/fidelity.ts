import type { ReadScoreOptions } from '../answer/score.js';
import { batchRewardFrom, type BatchReward } from '../batch-reward.js';
import { normalCdf } from '../math/normal.js';
import { judgeAgainstOthers, type ScoreGroup } from './score-groups.js';

/** Options of {@link fidelityReward}. */
export interface FidelityRewardOptions {
  /**
   * Keeps roots and quotients away from zero; VisualQuality-R1's value.
   * @defaultValue 1e-6
   */
  readonly epsilon?: number;
  /**
   * Which order of two images is right: 1 when the first is better, 0 when the second is, 0.5 for a tie; `undefined` leaves the
   * pair out. Called with the images' groups.
   * @defaultValue by the labels
   */
  readonly preference?: (group: string, other: string) => number | undefined;
  /**
   * Key, bounds and choice of answer.
   * @defaultValue the key 'rating' in [1, 5], first answer
   */
  readonly read?: ReadScoreOptions;
}

/**
 * Whether a completion's score puts its image in the right order with the other images of the batch, by Thurstone's model:
 * `p_j = Φ((q - μ_j) / √(σ²_i + σ²_j + ε))`, `r = mean over j of √(p_j t_j + ε) + √((1 - p_j)(1 - t_j) + ε)`, where μ and σ²
 * are mean and variance (n - 1) of the scores of an image's completions, and t_j is 1, 0.5 or 0 by the labels.
 *
 * Source: VisualQuality-R1, arXiv 2505.14460. Unlike its code, which draws a random score for an unreadable answer, an
 * unreadable score earns 0 and takes no part in μ and σ². Range: 0 to √(1 + ε) + √ε. `null` for other tasks, and when no other
 * image is there. The labels of a group must agree, or it throws.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, [formatReward(), fidelityReward()]);
 * ```
 */
export function fidelityReward(options: FidelityRewardOptions = {}): BatchReward {
  const { epsilon = 1e-6, preference, read = {} } = options;
  const targetOf = (own: ScoreGroup, other: ScoreGroup): number | undefined =>
    preference === undefined ? order(own.label, other.label) : preference(own.group, other.group);
  return batchRewardFrom('fidelity', [0, fidelity(1, 1, epsilon)], 'batch', (samples) =>
    judgeAgainstOthers('fidelityReward', samples, read, (score, own, other) => {
      const target = targetOf(own, other);
      return target === undefined ? undefined : fidelity(thurstone(score, own, other, epsilon), target, epsilon);
    }),
  );
}

/** 1, 0.5 or 0: whether the first label is higher, equal or lower. */
export function order(label: number, other: number): number {
  if (label === other) return 0.5;
  return label > other ? 1 : 0;
}

/** Thurstone's probability that a completion's image is better than another. */
export function thurstone(score: number, own: ScoreGroup, other: ScoreGroup, epsilon: number): number {
  return normalCdf((score - other.mean) / Math.sqrt(own.variance + other.variance + epsilon));
}

/** How well the probability `p` fits the target `t`: 1 when they agree, near 0 when they are opposite. */
export function fidelity(p: number, t: number, epsilon: number): number {
  return Math.sqrt(p * t + epsilon) + Math.sqrt((1 - p) * (1 - t) + epsilon);
}
