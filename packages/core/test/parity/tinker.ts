import {
  addKlToAdvantages,
  groupAdvantages,
  groupOutcomes,
  isInformative,
  passAtK,
  presets,
  samplerDiagnostics,
} from '../../src/index.js';
import { golden, matrix } from '../support/golden.js';
import type { Comparison, ParityCase } from './case.js';
import { FLOAT32_UNIT, groupErrors } from './rounding.js';

interface Datum {
  readonly logprobs: number[];
  readonly mask: number[];
  readonly advantages: number[];
  readonly baseLogprobs: number[];
  readonly trainLogprobs: number[];
}

interface Case {
  readonly fn: 'compute_advantages' | 'incorporate_kl_penalty+compute_kl_sample_train' | 'pass_at_k';
  readonly groups: number[][];
  readonly adv: number[][];
  readonly kept: number[];
  readonly byGroup: Readonly<Record<string, number>>;
  readonly data: Datum[];
  readonly coef: number;
  readonly discount: number;
  readonly klSampleTrain: Readonly<Record<string, number>>;
  readonly klPolicyBase: { readonly kl_policy_base: number };
  readonly advOut: number[][];
  readonly n: number;
  readonly c: number;
  readonly k: number;
  readonly value: number;
}

function advantages(c: Case): Comparison[] {
  const rewards = c.groups.flat();
  const ids = c.groups.flatMap((group, g) => group.map(() => g));
  const result = groupAdvantages(rewards, ids, presets['tinker-cookbook'].advantages);
  const outcomes = groupOutcomes(rewards, ids);
  // remove_constant_reward_groups keeps one group when all are constant
  const informative = c.groups.flatMap((group, g) => (isInformative(group, { tolerance: 0 }) ? [g] : []));
  const kept = informative.length > 0 ? informative : [0];
  const exact = { relative: 1e-6 };
  return [
    {
      actual: result.advantages,
      expected: c.adv.flat(),
      tolerance: { relative: 1e-6, absolute: groupErrors(rewards, ids, null, FLOAT32_UNIT) },
    },
    { actual: outcomes.mixed, expected: c.byGroup['by_group/frac_mixed']!, tolerance: exact },
    { actual: outcomes.allGood, expected: c.byGroup['by_group/frac_all_good']!, tolerance: exact },
    { actual: outcomes.allBad, expected: c.byGroup['by_group/frac_all_bad']!, tolerance: exact },
    { actual: kept, expected: c.kept, tolerance: exact },
  ];
}

/** Rows of one length, padded with mask 0. */
function padded(rows: number[][]) {
  const columns = Math.max(...rows.map((row) => row.length));
  return matrix(rows.map((row) => [...row, ...Array<number>(columns - row.length).fill(0)]));
}

function kl(c: Case): Comparison[] {
  const column = (key: keyof Datum) => padded(c.data.map((datum) => datum[key]));
  const mask = column('mask');
  const result = addKlToAdvantages(
    { advantages: column('advantages'), mask, logps: column('logprobs'), refLogps: column('baseLogprobs') },
    { coefficient: c.coef, discount: c.discount },
  );
  const diagnostics = samplerDiagnostics({ mask, oldLogps: column('trainLogprobs'), samplerLogps: column('logprobs') });
  const counted = c.data.flatMap((datum, b) => datum.mask.flatMap((m, t) => (m === 1 ? [[b, t] as const] : [])));
  const tolerance = { relative: 1e-5, absolute: 1e-6 };
  return [
    {
      actual: counted.map(([b, t]) => result.get(b, t)),
      expected: counted.map(([b, t]) => c.advOut[b]![t]!),
      tolerance,
    },
    { actual: diagnostics['kl']!, expected: c.klSampleTrain['optim/kl_sample_train_v1']!, tolerance },
  ];
}

export function cases(): ParityCase[] {
  const run = {
    compute_advantages: advantages,
    'incorporate_kl_penalty+compute_kl_sample_train': kl,
    pass_at_k: (c: Case) => [{ actual: passAtK(c.n, c.c, c.k), expected: c.value, tolerance: { relative: 1e-8 } }],
  };
  return golden<Case>('adv_tinker').cases.map((c) => ({
    file: 'adv_tinker',
    name: c.fn,
    ...(c.fn === 'compute_advantages' && { preset: 'tinker-cookbook' as const }),
    run: () => run[c.fn](c),
  }));
}
