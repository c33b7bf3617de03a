import { grpoLoss, type GrpoOptions } from '@q-insight/core';
import ndarray, { type NdArray } from 'ndarray';
import { coreLoss, PROTOCOL_LOSSES, type LossConfig } from '../policies/tinker/losses.js';
import type { Datum } from '../policies/tinker/protocol/messages.js';
import { userError } from './refusal.js';

/** A loss summed over all tokens, and its gradient. */
export interface SummedLoss {
  readonly loss: number;
  /** dLoss/dlogprobs, as the log-probs came. */
  readonly gradient: readonly (readonly number[])[];
}

/** A loss of log-probs, one row for each datum. */
export type LossFunction = (logprobs: readonly (readonly number[])[], datums: readonly Datum[]) => SummedLoss;

/**
 * A loss by name: the protocol's own (cross_entropy, importance_sampling, ppo, gspo, cispo, dro) with their settings, or any
 * policy loss of core by the name it has there (`sapo`, `gmpo`, ...) with its options.
 *
 * @throws a user error for an unknown loss or setting
 */
export function lossFunction(name: string, config: LossConfig = {}): LossFunction {
  const defaults = PROTOCOL_LOSSES[name];
  const unknown = defaults && Object.keys(config).find((key) => !(key in defaults));
  if (unknown !== undefined) throw userError(`loss_fn_config: ${name} knows no '${unknown}'`);
  if (name === 'cross_entropy') return crossEntropy;
  const options: GrpoOptions = { ...coreLoss(name, { ...defaults, ...config }), kl: { coefficient: 0 } };
  checkLoss(name, options);
  return (logprobs, datums) => policyGradient(options, logprobs, datums);
}

/** Options are checked when the loss is computed: compute it once of nothing. */
function checkLoss(name: string, options: GrpoOptions): void {
  const zero = () => ndarray(new Float64Array(1), [1, 1]);
  const mask = ndarray(Float64Array.of(1), [1, 1]);
  try {
    grpoLoss({ logps: zero(), oldLogps: zero(), mask, advantages: [0], weights: mask, groups: [0] }, options);
  } catch (error) {
    const known = Object.keys(PROTOCOL_LOSSES).join(', ');
    throw userError(`loss_fn '${name}': ${(error as Error).message}; known are ${known} and the policy losses of core`);
  }
}

/** −Σ weights · logprobs, with weights of either sign: what a loss of the caller's own comes as. */
const crossEntropy: LossFunction = (logprobs, datums) => {
  let loss = 0;
  const gradient = logprobs.map((row, d) => {
    const weights = numbersOf(datums[d]!, 'weights', row.length) ?? row.map(() => 1);
    row.forEach((value, i) => (loss -= weights[i] === 0 ? 0 : weights[i]! * value));
    return weights.map((weight) => -weight);
  });
  return { loss, gradient };
};

function policyGradient(
  options: GrpoOptions,
  logprobs: readonly (readonly number[])[],
  datums: readonly Datum[],
): SummedLoss {
  const columns = Math.max(...logprobs.map((row) => row.length));
  const matrix = () => ndarray(new Float64Array(logprobs.length * columns), [logprobs.length, columns]);
  const [logps, oldLogps, advantages, weights, mask] = [matrix(), matrix(), matrix(), matrix(), matrix()];
  const set = (target: NdArray<Float64Array>, row: number, values: readonly number[]) =>
    values.forEach((value, i) => target.set(row, i, value));
  logprobs.forEach((row, d) => {
    const datum = datums[d]!;
    const old = needed(datum, 'logprobs', row.length);
    const own = needed(datum, 'advantages', row.length);
    const counted = countedWeights(datum, row.length);
    set(logps, d, row);
    set(oldLogps, d, old);
    set(advantages, d, own);
    set(weights, d, counted);
    set(mask, d, counted.map((weight) => (weight === 0 ? 0 : 1))); // prettier-ignore
  });
  const { loss, gradient } = grpoLoss({ logps, oldLogps, advantages, mask, weights }, options);
  return { loss, gradient: logprobs.map((row, d) => row.map((_, i) => gradient.get(d, i))) };
}

/**
 * How much each position counts: as `weights` or `mask` say, or else 1 unless log-prob and advantage are both 0, which is how
 * callers write a prompt.
 */
export function countedWeights(datum: Datum, length: number): readonly number[] {
  const given = numbersOf(datum, 'weights', length) ?? numbersOf(datum, 'mask', length);
  if (given) return given;
  const [old, own] = [numbersOf(datum, 'logprobs', length), numbersOf(datum, 'advantages', length)];
  if (!old && !own) return Array.from({ length }, () => 1);
  return Array.from({ length }, (_, i) => ((old?.[i] ?? 0) === 0 && (own?.[i] ?? 0) === 0 ? 0 : 1));
}

function needed(datum: Datum, name: string, length: number): readonly number[] {
  const found = numbersOf(datum, name, length);
  if (!found) throw userError(`loss_fn_inputs.${name}: missing`);
  return found;
}

/** One number for each position of the sequence, if they are given. */
export function numbersOf({ loss_fn_inputs }: Datum, name: string, length: number): readonly number[] | undefined {
  const data = loss_fn_inputs[name]?.data;
  if (data && data.length !== length) {
    throw userError(`loss_fn_inputs.${name}: expected ${length} numbers, one for each position, got ${data.length}`);
  }
  return data;
}
