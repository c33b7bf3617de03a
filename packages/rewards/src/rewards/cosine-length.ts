import type { Reward } from '../reward.js';
import { tokenCount } from './token-count.js';

/** Options of {@link cosineLengthReward}. */
export interface CosineLengthRewardOptions {
  /** Whether the completion is right: when this reward is at least `least`. */
  readonly accuracy: Reward;
  /** Longest completion, in tokens. */
  readonly maxLength: number;
  /**
   * Reward of a right completion of no tokens, and of `maxLength` tokens.
   * @defaultValue [1, 0.5]
   */
  readonly right?: readonly [number, number];
  /**
   * Reward of a wrong completion of no tokens, and of `maxLength` tokens.
   * @defaultValue [-1, -0.5]
   */
  readonly wrong?: readonly [number, number];
  /**
   * Past `maxLength`: 'clamp' keeps the reward of `maxLength`, as TRL; 'continue' follows the cosine, which rises again, as ms-swift.
   * @defaultValue 'clamp'
   */
  readonly beyond?: 'clamp' | 'continue';
  /**
   * From this accuracy on a completion is right.
   * @defaultValue 1
   */
  readonly least?: number;
}

/**
 * Short right answers earn more, short wrong ones less: `b + (a - b) (1 + cos(π n / maxLength)) / 2` for n tokens, from a at no
 * tokens to b at `maxLength`, by whether the completion is right.
 *
 * Source: Yeo et al., arXiv 2502.03373; defaults of TRL 1.16 `get_cosine_scaled_reward`. ms-swift 4.6: right [1, 0.5], wrong
 * [-0.5, 0], 'continue'. Range: lowest to highest of the four. `null` where the accuracy is. Throws a RangeError on a `maxLength`
 * not above 0, and an Error on a sample without `completionIds`.
 *
 * @example
 * ```ts
 * cosineLengthReward({ accuracy: scoreReward(), maxLength: 256 });
 * ```
 */
export function cosineLengthReward(options: CosineLengthRewardOptions): Reward {
  const { accuracy, maxLength, right = [1, 0.5], wrong = [-1, -0.5], beyond = 'clamp', least = 1 } = options;
  if (!(maxLength > 0)) throw new RangeError(`cosineLengthReward: maxLength must be above 0, got ${maxLength}`);
  const ends = [...right, ...wrong];
  return {
    name: 'cosineLength',
    range: [Math.min(...ends), Math.max(...ends)],
    async score(sample) {
      const value = await accuracy.score(sample);
      if (value === null) return null;
      const [none, most] = value >= least ? right : wrong;
      const progress = tokenCount('cosineLengthReward', sample) / maxLength;
      const angle = Math.PI * (beyond === 'clamp' ? Math.min(1, progress) : progress);
      return most + (none - most) * 0.5 * (1 + Math.cos(angle));
    },
  };
}
