import type { AnyReward } from '../batch-reward.js';
import type { Sample } from '../sample.js';
import { mapReward } from './map-reward.js';

/**
 * The reward for samples that `applies` holds for, and `null` for the others: task-conditioned rewards, as in TATAR
 * (arXiv 2603.19779). A batch reward still sees all samples; the others merely earn nothing from it.
 *
 * @example
 * ```ts
 * onlyIf(fidelityReward(), (sample) => sample.metadata?.['kind'] === 'aesthetic');
 * ```
 */
export function onlyIf<R extends AnyReward>(reward: R, applies: (sample: Sample) => boolean): R {
  return mapReward(reward, {
    range: reward.range,
    version: undefined,
    value: (value, sample) => (applies(sample) ? value : null),
    reason: (reason, sample) => (applies(sample) ? reason : 'not applicable to this sample'),
  });
}
