import type { AnyReward } from '../batch-reward.js';
import type { Reward, RewardContext } from '../reward.js';
import { andThen, together } from '../runner/promises.js';
import type { Sample } from '../sample.js';
import { mapReward } from './map-reward.js';

/** Options of {@link gate}. */
export interface GateOptions {
  /**
   * Each condition must be at least this.
   * @defaultValue 1
   */
  readonly least?: number;
  /**
   * What the sample gets when a condition is not met.
   * @defaultValue 0
   */
  readonly closed?: 0 | null;
}

/**
 * The reward, but only once every condition is met; else 0 (or `null`). A condition that is `null` does not apply, and lets the
 * sample through.
 *
 * Source: where, what, how of GS-IQA (2026) pays for the level after region and type; many recipes pay for accuracy after format.
 *
 * @example
 * ```ts
 * gate(scoreReward(), [formatReward()]); // a right score in the wrong format earns 0
 * ```
 */
export function gate<R extends AnyReward>(reward: R, conditions: readonly Reward[], options: GateOptions = {}): R {
  const { least = 1, closed = 0 } = options;
  const [low, high] = reward.range;
  const met = (value: number | null): boolean => value === null || value >= least;

  function value(own: number | null, sample: Sample, context?: RewardContext): number | null | Promise<number | null> {
    if (own === null) return null;
    const values = conditions.map((condition) => condition.score(sample, context));
    return andThen(together(values), (all) => (all.every(met) ? own : closed));
  }

  return mapReward(reward, {
    version: conditions.some((condition) => condition.version === undefined)
      ? undefined
      : JSON.stringify(['gate', least, closed, ...conditions.map(({ name, version }) => [name, version])]),
    range: closed === null ? reward.range : [Math.min(low, 0), Math.max(high, 0)],
    value,
    reason: (reason) =>
      `${reason}; only if ${conditions.map((condition) => condition.name).join(' and ')} reach ${least}`,
  });
}
