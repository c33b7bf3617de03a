import ndarray, { type NdArray } from 'ndarray';
import { checkAtLeast, checkLength, checkOneOf, checkPositive, fail } from './checks.js';
import { readMask, shapeOf } from './dense.js';
import { groupMembers } from './advantages/grouping.js';
import { type AggregationMode, type OwnMode, resolveMode } from './aggregation-modes.js';
import type { AggregationCounts, AggregationOptions } from './aggregation-options.js';
import type { GroupId, MaskMatrix } from './types.js';

/**
 * Counts that weights need from the whole batch: phase one of a plan over micro-batches or ranks.
 *
 * @param mask - [B, T]
 * @param options - `groups` [B], for 'prompt-mean'.
 * @throws RangeError for a mask of other than 0 and 1, or groups of another length.
 * @example
 * ```ts
 * const mask = ndarray(Float64Array.of(1, 1, 0, 0), [2, 2]);
 * aggregationCounts(mask); // { tokens: 2, sequences: 2, filledSequences: 1 }
 * ```
 */
export function aggregationCounts(
  mask: MaskMatrix,
  options: Pick<AggregationOptions, 'groups'> = {},
): AggregationCounts {
  const where = 'aggregationCounts';
  const { groups } = options;
  const [rows, columns] = shapeOf(where, 'mask', mask);
  const lengths = rowLengths(readMask(where, mask), rows, columns);
  if (groups === undefined) return countsOf(lengths);
  checkLength(where, 'groups', groups.length, rows);
  return { ...countsOf(lengths), filledGroups: filledGroups(groups, lengths).length };
}

/**
 * Weight of each token's loss, so that the loss is Σ weights · value. Micro-batches then only ever sum: cut these weights by
 * rows (or give each part the `counts` of the whole), add up losses and gradients, and any partition gives the same result.
 *
 * See {@link AggregationMode} for the formulas.
 *
 * @param mask - [B, T]
 * @param mode - a mode, or what TRL or verl calls it.
 * @returns [B, T]; 0 under mask 0, all 0 when nothing counts.
 * @throws RangeError for an unknown mode, a mask of other than 0 and 1, a length that is not above 0, negative counts, or
 * 'dr_grpo' without a length.
 * @example
 * ```ts
 * const mask = ndarray(Float64Array.of(1, 1, 1, 0), [2, 2]);
 * aggregationWeights(mask, 'sequence-mean-token-mean').data; // [0.25, 0.25, 0.5, 0]
 * ```
 */
export function aggregationWeights(
  mask: MaskMatrix,
  mode: AggregationMode,
  options: AggregationOptions = {},
): NdArray<Float64Array> {
  const [rows, columns] = shapeOf('aggregationWeights', 'mask', mask);
  const flat = readMask('aggregationWeights', mask);
  const weights = new Float64Array(flat.length);
  const ofRow = aggregationRowWeights(flat, rows, columns, mode, options);
  for (let k = 0; k < flat.length; k++) if (flat[k] === 1) weights[k] = ofRow[Math.floor(k / columns)]!;
  return ndarray(weights, [rows, columns]);
}

/** @internal {@link aggregationWeights} as one number a row [B], for all its counted tokens have the same. */
export function aggregationRowWeights(
  mask: Uint8Array,
  rows: number,
  columns: number,
  name: AggregationMode,
  given: AggregationOptions,
): Float64Array {
  const where = 'aggregationWeights';
  const { mode, ...options } = resolveMode(where, name, given);
  const { emptySequences = 'skip', length = Math.max(1, columns) } = options;
  checkOneOf(where, 'emptySequences', emptySequences, ['skip', 'count']);
  checkPositive(where, 'length', length);
  const lengths = rowLengths(mask, rows, columns);
  const counts = options.counts ?? countsOf(lengths);
  checkCounts(where, counts);
  if (mode === 'prompt-mean') return promptMeanWeights(lengths, options);
  const sequences = Math.max(1, emptySequences === 'skip' ? counts.filledSequences : counts.sequences);
  return lengths.map((rowLength) => tokenWeight(mode, rowLength, counts.tokens, sequences, length));
}

function checkCounts(where: string, counts: AggregationCounts): void {
  const { tokens, sequences, filledSequences, filledGroups = 0 } = counts;
  for (const [name, count] of Object.entries({ tokens, sequences, filledSequences, filledGroups })) {
    checkAtLeast(where, `counts.${name}`, count, 0);
  }
}

function promptMeanWeights(lengths: Float64Array, { groups, counts }: AggregationOptions): Float64Array {
  if (groups?.length !== lengths.length) {
    fail('aggregationWeights', 'groups', `have length ${lengths.length} for mode 'prompt-mean'`, groups?.length);
  }
  const filled = filledGroups(groups, lengths);
  const prompts = counts?.filledGroups ?? filled.length;
  const weights = new Float64Array(lengths.length);
  for (const { rows, tokens } of filled) for (const row of rows) weights[row] = 1 / (prompts * tokens);
  return weights;
}

/** Rows and counted tokens of each group that has any. */
function filledGroups(groups: ArrayLike<GroupId>, lengths: Float64Array) {
  return groupMembers(groups)
    .map((rows) => ({ rows, tokens: rows.reduce((sum, row) => sum + lengths[row]!, 0) }))
    .filter(({ tokens }) => tokens > 0);
}

function tokenWeight(
  mode: Exclude<OwnMode, 'prompt-mean'>,
  rowLength: number,
  tokens: number,
  sequences: number,
  length: number,
) {
  switch (mode) {
    case 'token-mean':
      return 1 / Math.max(1, tokens);
    case 'sequence-mean-token-mean':
      return 1 / (sequences * Math.max(1, rowLength));
    case 'sequence-mean-token-sum':
      return 1 / sequences;
    case 'constant':
      return 1 / (sequences * length);
    case 'token-sum':
      return 1;
  }
}

function rowLengths(mask: Uint8Array, rows: number, columns: number): Float64Array {
  const lengths = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let length = 0;
    for (let k = row * columns; k < (row + 1) * columns; k++) length += mask[k]!;
    lengths[row] = length;
  }
  return lengths;
}

function countsOf(lengths: Float64Array): AggregationCounts {
  let [tokens, filledSequences] = [0, 0];
  for (const length of lengths) {
    tokens += length;
    if (length > 0) filledSequences++;
  }
  return { tokens, sequences: lengths.length, filledSequences };
}
