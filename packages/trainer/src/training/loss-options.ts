import {
  aggregationAliases,
  presets,
  type AggregationAlias,
  type AggregationMode,
  type AggregationOptions,
  type CorrectionStep,
  type GroupAdvantageOptions,
  type GrpoOptions,
} from '@q-insight/core';
import type { GrpoSettings } from '../config/grpo.js';
import type { RemoteLoss } from '../config/remote.js';
import type { SamplerKind } from '../config/sampler.js';
import type { NamedLoss } from '../policies/policy.js';
import { coreLoss } from '../policies/tinker/losses.js';

/** The maths of a run: a preset with what the settings change. */
export interface LossOptions {
  readonly advantages: GroupAdvantageOptions;
  readonly loss: GrpoOptions;
  readonly aggregation: { readonly mode: AggregationMode } & AggregationOptions;
  /** KL coefficient; the reference model is only asked when it is above 0. */
  readonly beta: number;
  /** The same policy loss as it is computed where the model is, when the settings ask for that. */
  readonly native: NamedLoss | undefined;
}

/** A mode by its own name, or by that of TRL or verl, with what the name says of empty completions. */
function namedAggregation(name: GrpoSettings['aggregation']) {
  if (name === undefined) return undefined;
  return name in aggregationAliases ? aggregationAliases[name as AggregationAlias] : { mode: name as AggregationMode };
}

/**
 * Fills in the preset and puts the settings' own numbers over it.
 *
 * @param sampler - where completions are drawn
 * @param remote - where the loss is computed, when the model is on a server
 */
export function lossOptions(
  grpo: GrpoSettings,
  sampler: SamplerKind = 'policy',
  remote: RemoteLoss = 'surrogate',
): LossOptions {
  const preset = presets[grpo.preset];
  const { policy, kl, aggregation } = preset.loss;
  const beta = grpo.beta ?? kl?.coefficient ?? 0;
  const clipped = {
    type: 'clipped' as const,
    ...policy,
    ...(grpo.clipLow !== undefined && { clipLow: grpo.clipLow }),
    ...(grpo.clipHigh !== undefined && { clipHigh: grpo.clipHigh }),
  };
  const native = remote === 'surrogate' ? undefined : namedLoss(remote, clipped);
  const { mode, ...counted } = namedAggregation(grpo.aggregation) ?? { mode: aggregation?.mode ?? 'token-mean' };
  return {
    beta,
    native,
    advantages: { ...preset.advantages, ...(grpo.scale && { scale: grpo.scale }) },
    loss: {
      ...preset.loss,
      policy: clipped,
      ...(native && coreLoss(native.name, native.config)),
      kl: { ...kl, coefficient: beta },
      corrections: corrections(grpo.correction, sampler),
    },
    // 'constant' divides by the longest answer there may be, not by the longest there happens to be
    aggregation: { ...aggregation, ...counted, mode, ...(mode === 'constant' && { length: grpo.maxTokens }) },
  };
}

/** A loss of the Tinker protocol. Its thresholds bound the ratio itself. */
function namedLoss(
  name: string,
  bounds: { readonly clipLow?: number | undefined; readonly clipHigh?: number | undefined },
) {
  if (name === 'importance_sampling') return { name, config: {} };
  const { clipLow = 0.2, clipHigh = 0.2 } = bounds;
  return { name, config: { clip_low_threshold: 1 - clipLow, clip_high_threshold: 1 + clipHigh } };
}

/** How completions of another engine, or of older weights, are made up for. */
function corrections({ kind, level, min, max }: GrpoSettings['correction'], sampler: SamplerKind): CorrectionStep[] {
  const chosen = kind ?? (sampler === 'policy' ? 'none' : 'truncate');
  return chosen === 'none' ? [] : [{ kind: chosen, level, min, max }];
}
