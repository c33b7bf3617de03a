import type { AnyReward } from '../batch-reward.js';
import { mapReward } from './map-reward.js';

/**
 * The reward with its declared range stretched onto `range`, so that rewards of different scales can be weighed against each
 * other: `low + (r - a) (high - low) / (b - a)` for a declared range [a, b]. `null` stays `null`.
 *
 * Throws a RangeError when the declared range is a point or has no end.
 *
 * @example
 * ```ts
 * rescale(concordanceReward(), [0, 1]); // -1 to 1 becomes 0 to 1
 * ```
 */
export function rescale<R extends AnyReward>(reward: R, range: readonly [number, number]): R {
  const [a, b] = reward.range;
  const [low, high] = range;
  const factor = (high - low) / (b - a);
  if (!(b > a && Number.isFinite(b - a)))
    throw new RangeError(`rescale: reward "${reward.name}" has the range [${a}, ${b}]`);
  return mapReward(reward, {
    range: [Math.min(low, high), Math.max(low, high)],
    version: `rescale ${a} ${b} ${low} ${high}`,
    value: (value) => (value === null ? null : low + (value - a) * factor),
    reason: (reason) => `${reason}; on the scale ${low} to ${high}`,
  });
}
