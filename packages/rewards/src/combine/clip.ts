import type { AnyReward } from '../batch-reward.js';
import { mapReward } from './map-reward.js';

/**
 * The reward with its values held within `range`: `min(max(r, low), high)`. `null` stays `null`.
 *
 * Throws a RangeError when low is above high.
 *
 * @example
 * ```ts
 * clip(softOverlongReward({ maxLength: 512, cache: 128, beyond: 'continue' }), [-2, 0]);
 * ```
 */
export function clip<R extends AnyReward>(reward: R, range: readonly [number, number]): R {
  const [low, high] = range;
  if (!(low <= high)) throw new RangeError(`clip: range must rise, got [${low}, ${high}]`);
  return mapReward(reward, {
    range,
    version: `clip ${low} ${high}`,
    value: (value) => (value === null ? null : Math.min(Math.max(value, low), high)),
    reason: (reason) => `${reason}; clipped to [${low}, ${high}]`,
  });
}
