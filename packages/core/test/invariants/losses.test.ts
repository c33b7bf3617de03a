import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import '../support/arbitraries.js';
import {
  aggregationWeights,
  grpoLoss,
  type GrpoOptions,
  klEstimators,
  type PolicyLossOptions,
  presets,
} from '../../src/index.js';
import {
  arbitraryBatch,
  type BatchLoss,
  type FullBatch,
  lawFinite,
  lawGradientMatchesValue,
  lawMaskImmune,
  lawPartition,
  lawRowOrder,
} from '../../src/invariants/index.js';
import { rowsOf } from '../../src/invariants/partition-law.js';
import { expectClose } from '../support/close.js';
import { arbitraryOptions, choicesOf, corrections, type Drawn, estimators, modes } from '../support/loss-options.js';

const runs = Number(process.env['FC_RUNS'] ?? 50);
const batchesEach = 10;

/** Every law that a loss can keep, and what options may surround it while it is put to the test. */
const laws = {
  gradient: { hold: lawGradientMatchesValue, drawn: { derivative: true, levels: ['token', 'sequence'] } },
  mask: { hold: lawMaskImmune, drawn: {} },
  finite: { hold: lawFinite, drawn: {} },
  'row order': { hold: lawRowOrder, drawn: {} },
  partition: { hold: lawPartition, drawn: { rowwise: true } },
} as const satisfies Record<string, { hold: (lossOf: BatchLoss, options: object) => void; drawn: Drawn }>;
type Law = keyof typeof laws;
const allLaws = Object.keys(laws) as Law[];

interface Row {
  readonly policy: PolicyLossOptions;
  /** Laws it is not meant to keep, and does not. All others it must keep. */
  readonly breaks?: readonly Law[];
  /** Laws it keeps but for rare batches, so that nothing can be shown either way. */
  readonly mostly?: readonly Law[];
  /** What a part of a batch may not tear. */
  readonly together?: 'rows' | 'groups';
}

/** Constant weights: the value is no antiderivative of the gradient. */
const detached = { breaks: ['gradient'] } as const;
/** What is chosen depends on all tokens of the batch that is given, and on their order. */
const chosen = { breaks: ['partition'], mostly: ['row order', 'gradient'] } as const;

/** Every policy loss, in the forms that take another way through the code. */
const losses: Readonly<Record<PolicyLossOptions['type'], readonly Row[]>> = {
  clipped: [
    { policy: { type: 'clipped', clipLow: 0.2, clipHigh: 0.28, dualClip: 3 } },
    { policy: { type: 'clipped' } },
  ],
  reinforce: [{ policy: { type: 'reinforce' } }],
  'importance-weighted': [{ policy: { type: 'importance-weighted' } }],
  cispo: [
    { policy: { type: 'cispo', ratioCap: 1.5 }, ...detached },
    { policy: { type: 'cispo', clipLow: 0.2, clipHigh: 0.2 }, ...detached },
  ],
  sapo: [{ policy: { type: 'sapo' } }],
  gmpo: [{ policy: { type: 'gmpo' } }],
  vespo: [{ policy: { type: 'vespo' }, ...detached }],
  fipo: [
    { policy: { type: 'fipo', dualClip: 2 }, ...detached },
    { policy: { type: 'fipo', direction: 'both', halfLife: 1 }, ...detached },
  ],
  real: [{ policy: { type: 'real' }, together: 'groups' }],
  'clip-cov': [
    // with an empty window of covariances nothing is silenced; with all of it in reach, every candidate is
    { policy: { type: 'clip-cov', lower: 1, upper: 1, seed: 's' } },
    { policy: { type: 'clip-cov', share: 1, lower: -1e9, upper: 1e9, seed: 's' } },
    { policy: { type: 'clip-cov', share: 0.3, lower: 0.1, seed: 's' }, ...chosen },
  ],
  'kl-cov': [
    // with share 1 every token is held back, whatever its covariance
    { policy: { type: 'kl-cov', share: 1 } },
    { policy: { type: 'kl-cov', share: 0.3 }, ...chosen },
  ],
  dppo: [
    { policy: { type: 'dppo', low: 0.05 } },
    { policy: { type: 'dppo', divergence: 'kl' } },
    { policy: { type: 'dppo', divergence: 'symmetric' } },
    { policy: { type: 'dppo', ratioCap: 1.5 }, ...detached },
  ],
  dro: [{ policy: { type: 'dro', beta: 0.5 } }],
  'ratio-window': [{ policy: { type: 'ratio-window' }, ...detached }],
};

/** Weights of the whole batch, as its own aggregation has them. */
const planOf =
  ({ aggregation }: GrpoOptions) =>
  (batch: FullBatch) => {
    const { mode, ...options } = aggregation ?? { mode: 'token-mean' };
    return aggregationWeights(batch.mask, mode, { groups: batch.groups, ...options });
  };

function hold(law: Law, options: GrpoOptions, together: Row['together'], runs: number): void {
  const whole = options.aggregation?.mode === 'prompt-mean' ? 'groups' : together;
  laws[law].hold((batch) => grpoLoss(batch, options), { runs, plan: planOf(options), together: whole ?? 'rows' });
}

/** The law under many options around one policy loss. */
function holdUnderAny(law: Law, { policy, together }: Row): void {
  for (const drawn of fc.sample(arbitraryOptions(laws[law].drawn), Math.ceil(runs / batchesEach))) {
    const options = { ...drawn, policy };
    try {
      hold(law, options, together, batchesEach);
    } catch (error) {
      throw new Error(`${law} is broken under ${JSON.stringify(options)}`, { cause: error });
    }
  }
}

describe('nothing is forgotten', () => {
  const nothing = 'nothing' as never;
  test('every policy loss has a row', () =>
    expect(Object.keys(losses)).toEqual(choicesOf({ policy: { type: nothing } })));
  test('every KL estimator has a row', () => expect(Object.keys(estimators)).toEqual(Object.keys(klEstimators)));
  test('every aggregation mode is drawn', () =>
    expect(Object.keys(modes)).toEqual(choicesOf({ aggregation: { mode: nothing } })));
  test('every correction is drawn', () =>
    expect(Object.keys(corrections)).toEqual(choicesOf({ corrections: [{ kind: nothing }] })));
});

const rows = Object.values(losses).flatMap((forms) => forms.map((row) => [JSON.stringify(row.policy), row] as const));
describe.each(rows)('%s', (_, row) => {
  const { breaks = [], mostly = [] } = row;
  const keeps = allLaws.filter((law) => !breaks.includes(law) && !mostly.includes(law));
  test.each(keeps)('keeps the law of %s', (law) => holdUnderAny(law, row));
  if (breaks.length === 0) return;
  test.each(breaks)('breaks the law of %s, and it notices', (law) => {
    expect(() => hold(law, { policy: row.policy }, row.together, 1000)).toThrow();
  });
});

describe.each(rows)('%s', (_, { policy, breaks = [], together }) => {
  if (breaks.includes('partition') || together === 'groups') return;
  // a long batch is walked in blocks of rows: of many rows, the last block a short one, and of one row longer than a block
  test.each([
    [700, 7],
    [5, 2500],
  ])('[%d, %d]: rows repeated have the gradient that they have alone', (count, columns) => {
    const options = { policy, ratioLevel: 'sequence', kl: { coefficient: 0.1, weighting: 'ratio' } } as const;
    const [batch] = fc.sample(arbitraryBatch({ drift: 0.6, maxRows: 4, columns }), 1) as [FullBatch];
    const weights = aggregationWeights(batch.mask, 'token-sum');
    const alone = grpoLoss({ ...batch, weights }, options);
    const order = Array.from({ length: count }, (_, i) => i % batch.groups.length);
    const repeated = rowsOf({ ...batch, weights }, order);
    const long = grpoLoss(repeated, options);
    const expected = order.flatMap((row) => [...alone.gradient.data.slice(row * columns, (row + 1) * columns)]);
    expectClose(long.gradient.data, expected, { absolute: 1e-12, relative: 1e-12 });
    // weights made row by row are those made at once
    const mode = 'sequence-mean-token-mean';
    const own = grpoLoss({ ...repeated, weights: undefined }, { ...options, aggregation: { mode } });
    const given = grpoLoss({ ...repeated, weights: aggregationWeights(repeated.mask, mode) }, options);
    expect(own.gradient.data).toEqual(given.gradient.data);
    const { loss } = grpoLoss(rowsOf({ ...batch, weights }, [...order].reverse()), options);
    expectClose(loss, long.loss, { absolute: 1e-12 * columns * count });
    expect(long.metrics['sequences']).toBe(
      order.filter((row) => batch.mask.data.slice(row * columns, (row + 1) * columns).includes(1)).length,
    );
  });
});

describe.each(Object.entries(estimators))('KL estimator %s', (estimator, slope) => {
  const options = { kl: { coefficient: 1, estimator } } as GrpoOptions;
  const alone: BatchLoss = (batch) => grpoLoss({ ...batch, advantages: batch.advantages.map(() => 0) }, options);
  const keeps = allLaws.filter((law) => law !== 'gradient' || slope === 'derivative');
  test.each(keeps)('keeps the law of %s', (law) => laws[law].hold(alone, { runs }));
  if (slope === 'derivative') return;
  test('breaks the law of the gradient, and it notices', () => {
    expect(() => lawGradientMatchesValue(alone)).toThrow();
  });
});

describe.each(Object.entries(corrections))('correction %s', (_, { over, steps }) => {
  // after a truncation, so that there are weights to work on
  const options = steps.map((step): GrpoOptions => ({
    corrections: [{ kind: 'truncate', level: 'token', max: 1.3 }, step],
  }));
  const keeps = allLaws.filter((law) => law !== 'partition' || over === 'row');
  test.each(keeps)('keeps the law of %s', (law) => options.forEach((each) => hold(law, each, 'rows', runs)));
  if (over === 'row') return;
  test('breaks the law of partition, and it notices', () => {
    for (const each of options) expect(() => hold('partition', each, 'rows', 1000)).toThrow();
  });
});

test('a share of entropies is taken over the batch that is given, so that parts choose otherwise', () => {
  expect(() => hold('partition', { entropy: { share: 0.5 } }, 'rows', 1000)).toThrow();
});

describe.each(Object.entries(presets))('preset %s', (name, { loss }) => {
  // without clamps, as some systems are, a ratio of e^1e4 is infinite
  const clamped = { ...loss, logRatioClamp: 20, kl: { ...loss.kl, clamp: 20 } };
  const constantWeights = ['trl-cispo', 'trl-vespo', 'cispo', 'vespo', 'gspo-token'];
  const choosing = { 'kl-cov': ['partition', 'row order', 'gradient'], '80-20': ['partition'] }[name] ?? [];
  const kept = allLaws.filter(
    (law) => !choosing.includes(law) && !(law === 'gradient' && constantWeights.includes(name)),
  );
  test.each(kept)('keeps the law of %s', (law) => hold(law, law === 'finite' ? clamped : loss, 'rows', runs));
});
