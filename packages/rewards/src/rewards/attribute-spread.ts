import { readNumbers } from '../answer/numbers.js';
import { variance } from '../math/statistics.js';
import { notApplicable, rewardFrom, type Reward } from '../reward.js';
import type { AttributeOptions } from './attribute-groups.js';

/** Options of {@link attributeSpreadReward}. */
export interface AttributeSpreadRewardOptions extends AttributeOptions {
  /**
   * Standard deviation from which on nothing is taken off.
   * @defaultValue 0.5
   */
  readonly floor?: number;
  /**
   * Factor of what is missing to the floor.
   * @defaultValue 0.5
   */
  readonly scale?: number;
}

/**
 * A penalty for listing the same score for every attribute: `-scale · max(0, floor - std(scores))`, std with divisor n - 1.
 *
 * Source: P_std of PreResQ-R1, arXiv 2511.05393. Range: -scale · floor to 0. Unreadable: the full penalty. Other task: `null`.
 *
 * @example
 * ```ts
 * attributeSpreadReward().score(sample); // -0.25 when all five scores are the same
 * ```
 */
export function attributeSpreadReward(options: AttributeSpreadRewardOptions = {}): Reward {
  const { count = 5, floor = 0.5, scale = 0.5 } = options;
  return rewardFrom('attributeSpread', [-scale * floor, 0], (sample) => {
    if (sample.label.task !== 'score') return notApplicable(sample);
    const reading = readNumbers(sample.completion, count);
    if (!('value' in reading)) return { value: -scale * floor, reason: reading.reason };
    const std = Math.sqrt(variance(reading.value, 1));
    return {
      value: std >= floor ? 0 : -scale * (floor - std),
      reason: `the standard deviation of ${reading.value.join(', ')} is ${Number(std.toPrecision(3))} (at least ${floor} wanted)`,
    };
  });
}
