import {
  aggregationWeights,
  isInformative,
  type AggregationCounts,
  type AggregationMode,
  type AggregationOptions,
} from '@q-insight/core';
import ndarray, { type NdArray } from 'ndarray';
import type { Settings } from '../config/schema.js';
import type { Rollout } from '../tracking/events.js';
import type { Matrix, Sequence } from '../policies/policy.js';

/** Completions that go through the model together, with what the loss needs of them. */
export interface MicroBatch {
  readonly sequences: readonly Sequence[];
  /** [B] */
  readonly advantages: readonly number[];
  /** [B, T] 1 for a completion's own tokens. */
  readonly mask: NdArray<Float64Array>;
  /** [B, T] weight of each token in the loss of the whole batch. */
  readonly weights: NdArray<Float64Array>;
  /** [B, T] weight of each token in the policy's part of it; undefined = `weights`. */
  readonly policyWeights: NdArray<Float64Array> | undefined;
  /** [B, T] as the sampler reported them; 0 past the end. */
  readonly samplerLogps: NdArray<Float64Array>;
}

/** A [B, T] matrix with a row of numbers each, 0 past a row's end. */
function matrix(rows: readonly (readonly number[])[]): NdArray<Float64Array> {
  const columns = Math.max(1, ...rows.map((row) => row.length));
  const data = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => data.set(row, i * columns));
  return ndarray(data, [rows.length, columns]);
}

/** How a step's completions are cut. */
export interface MicroBatchOptions {
  /** Completions per micro-batch. */
  readonly microBatch: number;
  readonly aggregation: { readonly mode: AggregationMode } & AggregationOptions;
  /** What completions of groups with equal rewards still do to the loss. */
  readonly zeroVariance: Settings['grpo']['zeroVariance'];
}

/**
 * Cuts a step's completions into micro-batches whose losses add up to the loss of the whole, however they are cut: the
 * weights of all tokens are those of the whole batch.
 */
export function microBatches(rollouts: readonly Rollout[], options: MicroBatchOptions): MicroBatch[] {
  const { microBatch: size, aggregation, zeroVariance } = options;
  const alive = informative(rollouts);
  // with nothing to learn from, what is left is the KL on all of them
  const used = zeroVariance === 'drop' && alive.size > 0 ? rollouts.filter((one) => alive.has(one)) : rollouts;
  const counts = countsOf(used);
  const policyCounts = countsOf(used.filter((one) => alive.has(one)));
  const { mode, ...others } = aggregation;
  const starts = Array.from({ length: Math.ceil(used.length / size) }, (_, i) => i * size);
  return starts.map((start) => {
    const part = used.slice(start, start + size);
    const maskOf = (counted: (one: Rollout) => boolean) =>
      matrix(part.map((one) => one.completion.tokens.map(() => (counted(one) ? 1 : 0))));
    const mask = maskOf(() => true);
    const policyMask = zeroVariance === 'mask-policy' ? maskOf((one) => alive.has(one)) : undefined;
    return {
      sequences: part.map(({ prompt, completion }) => ({ prompt, completion: completion.tokens })),
      advantages: part.map((rollout) => rollout.advantage),
      mask,
      weights: aggregationWeights(mask, mode, { ...others, counts }),
      policyWeights: policyMask && aggregationWeights(policyMask, mode, { ...others, counts: policyCounts }),
      samplerLogps: matrix(part.map(({ completion }) => completion.samplerLogps)),
    };
  });
}

function countsOf(rollouts: readonly Rollout[]): AggregationCounts {
  const lengths = rollouts.map(({ completion }) => completion.tokens.length);
  return {
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    sequences: lengths.length,
    filledSequences: lengths.filter((length) => length > 0).length,
  };
}

/** Completions of groups whose rewards differ. */
function informative(rollouts: readonly Rollout[]): Set<Rollout> {
  const groups = new Map<string, Rollout[]>();
  for (const one of rollouts) {
    const group = groups.get(one.group);
    if (group) group.push(one);
    else groups.set(one.group, [one]);
  }
  const good = [...groups.values()].filter((group) => isInformative(group.map(({ total }) => total)));
  return new Set(good.flat());
}

/**
 * How far the log-probs of training are from those the sampler reported, by TRL's names. The two run the same weights, so
 * they differ by rounding and by what sampling leaves out (image tokens, and what top-k and top-p cut off). Anything more
 * means that sampling and training disagree on the model, and the ratio's 1 is not true.
 */
export function samplerDifference(logps: Matrix, { mask, samplerLogps }: MicroBatch): Record<string, number> {
  const [rows = 0, columns = 0] = mask.shape;
  let [sum, most, count] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (mask.get(row, column) === 0) continue;
      const difference = Math.abs(logps.get(row, column) - samplerLogps.get(row, column));
      sum += difference;
      most = Math.max(most, difference);
      count++;
    }
  }
  const name = 'sampling/sampling_logp_difference';
  return { [`${name}/mean`]: sum / Math.max(1, count), [`${name}/max`]: most };
}
