import { countDistinctRuns } from '../math/distinct-runs.js';
import { rewardFrom, type Reward } from '../reward.js';
import type { Sample } from '../sample.js';

/** Options of {@link repetitionReward}. */
export interface RepetitionRewardOptions {
  /**
   * Length of the n-grams.
   * @defaultValue 3
   */
  readonly size?: number;
  /**
   * Reward when every n-gram is the same; at most 0.
   * @defaultValue -1
   */
  readonly penalty?: number;
  /**
   * What n-grams are made of: 'tokens' are the `completionIds`, as in TRL; 'words' are lower-cased words, as in ms-swift.
   * @defaultValue 'words'
   */
  readonly unit?: 'tokens' | 'words';
}

/**
 * A penalty for repeating oneself: `penalty · (1 - distinct n-grams / all n-grams)`; 0 for a text shorter than one n-gram.
 *
 * Source: Yeo et al., arXiv 2502.03373; equals TRL 1.16 `get_repetition_penalty_reward` on tokens, ms-swift 4.6 on words. Range:
 * penalty to 0. Throws a RangeError on a size below 1 or a penalty above 0, an Error on a sample without `completionIds`.
 *
 * @example
 * ```ts
 * repetitionReward({ size: 1 }).score(sample); // -0.5 for 'soft and soft and'
 * ```
 */
export function repetitionReward(options: RepetitionRewardOptions = {}): Reward {
  const { size = 3, penalty = -1, unit = 'words' } = options;
  if (!(Number.isInteger(size) && size >= 1))
    throw new RangeError(`repetitionReward: size must be an integer of at least 1, got ${size}`);
  if (!(penalty <= 0 && penalty > -Infinity))
    throw new RangeError(`repetitionReward: penalty must be at most 0, got ${penalty}`);
  return rewardFrom('repetition', [penalty, 0], (sample) => {
    const units = unitsOf(sample, unit);
    const all = units.length - size + 1;
    if (all < 1) return { value: 0, reason: `shorter than ${size} ${unit}` };
    const distinct = countDistinctRuns(units, size);
    const value = distinct === all ? 0 : penalty * (1 - distinct / all);
    return { value, reason: () => `${distinct} of ${all} runs of ${size} ${unit} are distinct` };
  });
}

/** The units as numbers, equal for equal units. */
function unitsOf(sample: Sample, unit: 'tokens' | 'words'): readonly number[] {
  if (unit === 'words') return numbered(sample.completion.toLowerCase().split(/\s+/).filter(Boolean));
  if (sample.completionIds === undefined)
    throw new Error(`repetitionReward: sample "${sample.id}" has no completionIds`);
  return sample.completionIds;
}

function numbered(words: readonly string[]): number[] {
  const numbers = new Map<string, number>();
  return words.map((word) => {
    const known = numbers.get(word);
    if (known !== undefined) return known;
    numbers.set(word, numbers.size);
    return numbers.size - 1;
  });
}
