import type { AggregationOptions } from './aggregation-options.js';
import { checkOneOf, fail } from './checks.js';

const modes = [
  'token-mean',
  'sequence-mean-token-mean',
  'sequence-mean-token-sum',
  'constant',
  'token-sum',
  'prompt-mean',
] as const;

/** @internal */
export type OwnMode = (typeof modes)[number];

/**
 * How token losses become one number. N = counted tokens, S = sequences, Lᵢ = counted tokens of sequence i.
 *
 * | mode | weight of a token of sequence i | who |
 * |---|---|---|
 * | `token-mean` | 1 / N | DAPO, arXiv 2503.14476; default of TRL and verl |
 * | `sequence-mean-token-mean` | 1 / (S Lᵢ) | GRPO, arXiv 2402.03300; Q-Insight |
 * | `sequence-mean-token-sum` | 1 / S | |
 * | `constant` | 1 / (S · length) | Dr. GRPO, arXiv 2503.20783 |
 * | `token-sum` | 1 | Tinker |
 * | `prompt-mean` | 1 / (P N_p), with P prompts of N_p counted tokens | SkyRL |
 *
 * The names of TRL and verl are understood too: {@link aggregationAliases}.
 */
export type AggregationMode = OwnMode | AggregationAlias;

const skipping = <Mode extends OwnMode>(mode: Mode) => Object.freeze({ mode, emptySequences: 'skip' } as const);
const counting = <Mode extends OwnMode>(mode: Mode) => Object.freeze({ mode, emptySequences: 'count' } as const);

/**
 * What verl (`loss_agg_mode`) and TRL (`loss_type`) call the modes of {@link AggregationMode}, with what each means by a row
 * without tokens: verl skips it, TRL counts it. A name may stand for `mode`; options given beside it win.
 *
 * | name | of | is | S | besides |
 * |---|---|---|---|---|
 * | `seq-mean-token-mean` | verl | `sequence-mean-token-mean` | filled rows | |
 * | `seq-mean-token-sum` | verl | `sequence-mean-token-sum` | filled rows | |
 * | `seq-mean-token-sum-norm` | verl | `constant` | filled rows | `length` is `loss_scale_factor` |
 * | `grpo`, `sapo` | TRL | `sequence-mean-token-mean` | all rows | |
 * | `dapo`, `cispo`, `vespo` | TRL | `token-mean` | | `counts` of the whole step |
 * | `bnpo` | TRL | `token-mean` | | no `counts`: TRL averages micro-batches, whatever their tokens |
 * | `dr_grpo` | TRL | `constant` | all rows | `length` is `max_completion_length`, and required |
 * | `luspo` | TRL | `sequence-mean-token-sum` | all rows | |
 *
 * verl's `token-mean` and `token-sum` have the same name here. As in verl 0.9.1 and TRL 1.16.
 *
 * @example
 * ```ts
 * const mask = ndarray(Float64Array.of(1, 0), [2, 1]); // the second row is empty: TRL counts it, verl does not
 * aggregationWeights(mask, 'grpo').data; // [0.5, 0]
 * ```
 */
export const aggregationAliases = Object.freeze({
  'seq-mean-token-mean': skipping('sequence-mean-token-mean'),
  'seq-mean-token-sum': skipping('sequence-mean-token-sum'),
  'seq-mean-token-sum-norm': skipping('constant'),
  grpo: counting('sequence-mean-token-mean'),
  sapo: counting('sequence-mean-token-mean'),
  dapo: counting('token-mean'),
  cispo: counting('token-mean'),
  vespo: counting('token-mean'),
  bnpo: counting('token-mean'),
  dr_grpo: counting('constant'),
  luspo: counting('sequence-mean-token-sum'),
});

/** A name that TRL or verl has for a mode; see {@link aggregationAliases}. */
export type AggregationAlias = keyof typeof aggregationAliases;

/** @internal The mode that a name stands for, with the options that it implies unless others are given. */
export function resolveMode(where: string, name: AggregationMode, given: AggregationOptions) {
  checkOneOf(where, 'mode', name, [...modes, ...(Object.keys(aggregationAliases) as AggregationAlias[])]);
  if (!isAlias(name)) return { ...given, mode: name };
  if (name === 'dr_grpo' && given.length === undefined) {
    fail(where, 'length', "be given for mode 'dr_grpo': TRL's max_completion_length", undefined);
  }
  const { mode, emptySequences } = aggregationAliases[name];
  return { ...given, mode, emptySequences: given.emptySequences ?? emptySequences };
}

const isAlias = (name: AggregationMode): name is AggregationAlias => Object.hasOwn(aggregationAliases, name);
