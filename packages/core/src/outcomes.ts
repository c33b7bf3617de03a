import { groupMembers, isConstant, readRewards } from './advantages/grouping.js';
import { checkAllFinite, checkAtLeast, checkFinite, fail } from './checks.js';
import type { GroupId } from './types.js';

/**
 * Chance that at least one of k completions is right, from c right ones among n; the unbiased estimate.
 *
 * pass@k = 1 − C(n − c, k) / C(n, k)
 *
 * See Chen et al., arXiv 2107.03374, equation 1.
 *
 * @param n - completions drawn.
 * @param c - how many of them were right.
 * @param k - at most n.
 * @throws RangeError when not 0 ≤ c ≤ n and 1 ≤ k ≤ n, in integers.
 * @example
 * ```ts
 * passAtK(4, 1, 2); // 0.5
 * ```
 */
export function passAtK(n: number, c: number, k: number): number {
  if (!Number.isInteger(n)) fail('passAtK', 'n', 'be an integer', n);
  if (!Number.isInteger(c) || c < 0 || c > n) fail('passAtK', 'c', `be an integer from 0 to ${n}`, c);
  if (!Number.isInteger(k) || k < 1 || k > n) fail('passAtK', 'k', `be an integer from 1 to ${n}`, k);
  if (n - c < k) return 1;
  let allWrong = 1;
  for (let i = n - c + 1; i <= n; i++) allWrong *= 1 - k / i;
  return 1 - allWrong;
}

/** Shares of groups by outcome; they add up to 1 when every group has a scorable member. */
export interface GroupOutcomes {
  /** Rewards differ: these teach. */
  readonly mixed: number;
  /** All rewards equal and above the threshold: solved. */
  readonly allGood: number;
  /** All rewards equal and not above it. */
  readonly allBad: number;
}

/**
 * How many prompts are solved, hopeless, or in between: why a run stops learning.
 *
 * As tinker-cookbook's `by_group/frac_mixed`, `frac_all_good`, `frac_all_bad`.
 *
 * @param rewards - [B]; null and NaN are left out.
 * @param groups - [B] ids.
 * @param options - the reward above which a completion is good (default 0.5), and the tolerance of equality (default 1e-12).
 * @throws RangeError for unequal lengths, a negative tolerance, or a `goodAbove` that is no number.
 * @example
 * ```ts
 * groupOutcomes([1, 0, 1, 1], ['a', 'a', 'b', 'b']); // { mixed: 0.5, allGood: 0.5, allBad: 0 }
 * ```
 */
export function groupOutcomes(
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: { readonly goodAbove?: number; readonly tolerance?: number } = {},
): GroupOutcomes {
  const { goodAbove = 0.5, tolerance = 1e-12 } = options;
  checkAtLeast('groupOutcomes', 'tolerance', tolerance, 0);
  checkFinite('groupOutcomes', 'goodAbove', goodAbove);
  const values = readRewards('groupOutcomes', rewards, groups);
  let [mixed, allGood, allBad] = [0, 0, 0];
  const all = groupMembers(groups);
  for (const members of all) {
    const scorable = members.filter((i) => !Number.isNaN(values[i]!));
    if (scorable.length === 0) continue;
    if (!isConstant(values, scorable, tolerance)) mixed++;
    else if (values[scorable[0]!]! > goodAbove) allGood++;
    else allBad++;
  }
  const n = Math.max(1, all.length);
  return { mixed: mixed / n, allGood: allGood / n, allBad: allBad / n };
}

/**
 * Mean, standard deviation (n), extremes and share above 0 of advantages, by the names they are logged under.
 *
 * @param advantages - [B] or flat [B*T] of counted tokens.
 * @throws RangeError for an advantage that is not finite.
 * @example
 * ```ts
 * advantageMetrics([1, -1])['advantage/std']; // 1
 * ```
 */
export function advantageMetrics(advantages: ArrayLike<number>): Record<string, number> {
  checkAllFinite('advantageMetrics', 'advantages', advantages);
  const values = Array.from(advantages);
  const n = Math.max(1, values.length);
  const mean = values.reduce((a, b) => a + b, 0) / n;
  return {
    'advantage/mean': mean,
    'advantage/std': Math.sqrt(values.reduce((sum, a) => sum + (a - mean) ** 2, 0) / n),
    'advantage/min': values.reduce((a, b) => Math.min(a, b), values[0] ?? 0),
    'advantage/max': values.reduce((a, b) => Math.max(a, b), values[0] ?? 0),
    'advantage/positive': values.filter((a) => a > 0).length / n,
  };
}

/**
 * What a loss near 0 means, in words: the first thing everyone asks.
 *
 * @param metrics - as `grpoLoss` returns them.
 * @example
 * ```ts
 * explainLoss({ loss: 0, on_policy: 1, signal: 0.9, tokens: 100 });
 * // 'On-policy: the ratio is 1 and advantages cancel, so a loss near 0 is expected. The mean |advantage| is 0.9: there is a gradient.'
 * ```
 */
export function explainLoss(metrics: Readonly<Record<string, number>>): string {
  const signal = metrics['signal'] ?? 0;
  if ((metrics['tokens'] ?? 0) === 0) return 'No token counts: the mask is empty, so loss and gradient are 0.';
  if (signal === 0) {
    return 'Every advantage is 0: in each group all rewards are equal, so only the KL term, if any, has a gradient.';
  }
  if (metrics['on_policy'] === 1 || (metrics['ratio/min'] === 1 && metrics['ratio/max'] === 1)) {
    return `On-policy: the ratio is 1 and advantages cancel, so a loss near 0 is expected. The mean |advantage| is ${signal.toPrecision(2)}: there is a gradient.`;
  }
  return `Off-policy: the loss is a surrogate for the change of policy, not a figure to bring to 0. The mean |advantage| is ${signal.toPrecision(2)}.`;
}
