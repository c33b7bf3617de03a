import { adaptiveEntropy, topEntropyMask, type AdaptiveEntropy, type EntropyOptions } from '@q-insight/core';
import ndarray from 'ndarray';
import type { Settings } from '../config/schema.js';
import type { Policy } from '../policies/policy.js';
import type { StepMetrics } from '../tracking/events.js';
import type { MicroBatch } from './micro-batch.js';

type EntropySettings = Settings['grpo']['entropy'];

/** Before the first update. Nothing is known of the entropy then, so that a steered bonus does not act yet, as in TRL. */
export function initialEntropy({ coefficient, adaptive }: EntropySettings): AdaptiveEntropy {
  return { coefficient, active: adaptive === undefined };
}

/** After an update in which the tokens that learn had this mean entropy, in nats. */
export function nextEntropy(state: AdaptiveEntropy, entropy: number, { adaptive }: EntropySettings): AdaptiveEntropy {
  return adaptive === undefined ? state : adaptiveEntropy(state, entropy, adaptive);
}

/** What an update does with entropies. */
export interface EntropyTerms {
  readonly loss: EntropyOptions;
  /** The coefficient that acts; with `share`, the least entropy that is kept and the mean of those that are. */
  readonly metrics: StepMetrics;
}

/**
 * Decides an update's entropy terms over all of its micro-batches, so that it does not matter how they are cut. Tokens are chosen
 * under the policy as it is before the update.
 *
 * @throws Error when the policy gives no entropies
 */
export async function entropyTerms(
  policy: Policy,
  batches: readonly MicroBatch[],
  state: AdaptiveEntropy,
  { entropy: { share }, temperature }: Settings['grpo'],
): Promise<EntropyTerms> {
  if (!policy.entropies) throw new Error('grpo.entropy: this policy gives no entropies');
  const coefficient = state.active ? state.coefficient : 0;
  const metrics = { entropy_coefficient: coefficient };
  if (share === 1) {
    const tokens = batches.flatMap(({ sequences }) => sequences).reduce((sum, one) => sum + one.completion.length, 0);
    return { loss: { coefficient, tokens }, metrics };
  }
  const counted: number[] = [];
  for (const { sequences } of batches) {
    const entropies = await policy.entropies(sequences, { temperature });
    sequences.forEach(({ completion }, i) => completion.forEach((_, t) => counted.push(entropies.get(i, t))));
  }
  const row = (values: readonly number[]) => ndarray(Float64Array.from(values), [1, values.length]);
  const { threshold } = topEntropyMask(row(counted), row(counted.map(() => 1)), share);
  const kept = counted.filter((entropy) => entropy >= threshold);
  const mean = kept.reduce((sum, entropy) => sum + entropy, 0) / Math.max(1, kept.length);
  return {
    loss: { coefficient, threshold, tokens: kept.length },
    metrics: { ...metrics, entropy_threshold: threshold, entropy_kept: mean },
  };
}
