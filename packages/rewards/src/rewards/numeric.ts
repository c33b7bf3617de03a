import { readNumbers } from '../answer/numbers.js';
import { rewardFrom, type Reward } from '../reward.js';
import type { Sample } from '../sample.js';

/** Options of {@link numericReward}. */
export interface NumericRewardOptions {
  /** The right number; `undefined` when the reward does not apply. */
  readonly expected: (sample: Sample) => number | undefined;
  /**
   * Largest error that is right, as an absolute number.
   * @defaultValue 1e-6
   */
  readonly tolerance?: number;
  /**
   * Largest error that is right, as a share of the expected number. The larger of the two counts.
   * @defaultValue 0
   */
  readonly relative?: number;
}

/**
 * Whether the last number in the answer is the expected one: `1` if |x - expected| ≤ max(tolerance, relative · |expected|), else 0.
 * Range: 0 or 1. No number: 0. `null` when nothing is expected.
 *
 * @example
 * ```ts
 * numericReward({ expected: () => 42, relative: 0.01 }).score({ ...sample, completion: '<answer>about 42.3</answer>' }); // 1
 * ```
 */
export function numericReward(options: NumericRewardOptions): Reward {
  const { expected, tolerance = 1e-6, relative = 0 } = options;
  return rewardFrom('numeric', [0, 1], (sample) => {
    const wanted = expected(sample);
    if (wanted === undefined) return { value: null, reason: 'no number is expected' };
    const reading = readNumbers(sample.completion, 1);
    if (!('value' in reading)) return { value: 0, ...reading };
    const [said = NaN] = reading.value;
    const limit = Math.max(tolerance, relative * Math.abs(wanted));
    const reason = `said ${said}, expected ${wanted} (tolerance ${limit})`;
    return { value: Math.abs(said - wanted) <= limit ? 1 : 0, reason };
  });
}
