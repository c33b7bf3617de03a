import { readMath } from '../answer/math.js';
import { quote } from '../answer/reading.js';
import { parseExpression } from '../math/expression.js';
import { sameFormula } from '../math/equal.js';
import { rewardFrom, type Reward } from '../reward.js';
import type { Sample } from '../sample.js';

/** Options of {@link mathAccuracyReward}. */
export interface MathAccuracyRewardOptions {
  /** The solution, in LaTeX, with or without dollar signs; `undefined` when the reward does not apply. */
  readonly expected: (sample: Sample) => string | undefined;
  /**
   * 'after': only what follows `</think>` is read, and a completion without it earns 0 (TRL's `reasoning_accuracy_reward`);
   * 'anywhere': the whole completion is read.
   * @defaultValue 'anywhere'
   */
  readonly reasoning?: 'anywhere' | 'after';
}

/**
 * Whether the completion's formula, in `\boxed{…}` or between dollar signs, equals the solution: 1 or 0. Formulas are compared by
 * their values, so `1+x` equals `x+1`, and `0.333` does not equal `1/3`.
 *
 * Source: TRL 1.16 `accuracy_reward`, which asks math-verify. This knows arithmetic, powers, roots, fractions, variables and the
 * common functions; not sets, intervals, matrices or units. Range: 0 or 1. `null` when the solution is no such formula.
 *
 * @example
 * ```ts
 * mathAccuracyReward({ expected: () => '1/3' }).score({ ...sample, completion: '\\boxed{\\frac{2}{6}}' }); // 1
 * ```
 */
export function mathAccuracyReward(options: MathAccuracyRewardOptions): Reward {
  const { expected, reasoning = 'anywhere' } = options;
  return rewardFrom('mathAccuracy', [0, 1], (sample) => {
    const text = reasoning === 'after' ? afterThinking(sample.completion) : sample.completion;
    if (text === undefined) return { value: 0, reason: 'no </think> was found' };
    const solution = readMath(expected(sample) ?? '', 'allowed');
    if (!('value' in solution) || parseExpression(solution.value) === undefined) {
      return { value: null, reason: 'no formula is expected' };
    }
    const said = readMath(text);
    if (!('value' in said)) return { value: 0, reason: said.reason };
    const equal = sameFormula(said.value, solution.value);
    return { value: equal === true ? 1 : 0, reason: `said ${quote(said.value)}, expected ${quote(solution.value)}` };
  });
}

function afterThinking(text: string): string | undefined {
  const end = text.lastIndexOf('</think>');
  return end < 0 ? undefined : text.slice(end + '</think>'.length);
}
