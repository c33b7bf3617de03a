import { describe, expect, test } from '@jest/globals';
import ndarray from 'ndarray';
import * as core from '../src/index.js';
import { matrix } from './support/golden.js';

/** A wrong call and the error it gets, or a call at the limit and what it gives. */
type Wrong = readonly [call: () => unknown, message: string];
type Limit = readonly [call: () => unknown, gives: unknown];

/** What every function of core does with input that is wrong or at the limit; a kind that it has no place for is left out. */
interface Row {
  /** Lengths or shapes that do not fit. */
  readonly shape?: readonly Wrong[];
  /** An unknown word among the options. */
  readonly name?: readonly Wrong[];
  /** NaN in a used place. */
  readonly nan?: readonly (Wrong | Limit)[];
  /** A negative coefficient, or another option out of its range. */
  readonly range?: readonly Wrong[];
  /** Nothing at all. */
  readonly empty?: readonly Limit[];
  /** Nothing that counts. */
  readonly masked?: readonly Limit[];
}

const none = matrix([]);
const one = matrix([[1]]);
const zero = matrix([[0]]);
const nan = matrix([[NaN]]);
const two = matrix([[1, 1]]);
const what = 'nothing' as never;
const flat = (value: unknown) => [...(value as { data: Float64Array }).data];
const groups = ['a', 'a'];
const noAdvantages = {
  advantages: new Float64Array(0),
  groupCount: 0,
  singletonGroups: 0,
  unscorable: 0,
  zeroVarianceGroups: 0,
};

/** The estimators that compare the completions of a group. */
function groupwise(where: string, estimate: (r: (number | null)[], g: string[], options: object) => unknown): Row {
  return {
    shape: [[() => estimate([1, 0], ['a'], {}), `\`${where}\`: \`groups\` must have length 2, got 1`]],
    name: [[() => estimate([1, 0], groups, { singletons: 'nothing' }), '`singletons` must be one of zero, raw, error']],
    nan: [
      [() => estimate([Infinity, 0], groups, {}), '`rewards` must be finite or null, at [0], got Infinity'],
      [
        () => estimate([NaN, null], groups, {}),
        { ...noAdvantages, advantages: new Float64Array(2), groupCount: 1, unscorable: 2 },
      ],
    ],
    range: [[() => estimate([1, 0], groups, { tolerance: -1 }), '`tolerance` must be at least 0, got -1']],
    empty: [[() => estimate([], [], {}), noAdvantages]],
  };
}

const token = (change: object = {}) => ({
  columns: 1,
  mask: Uint8Array.of(1),
  logps: Float64Array.of(-1),
  logRatio: Float64Array.of(0.1),
  advantages: Float64Array.of(1),
  weights: Float64Array.of(1),
  groups: ['a'],
  ...change,
});
const noTerms = (n: number) => ({
  value: new Float64Array(n),
  ratioGradient: new Float64Array(n),
  logpsGradient: new Float64Array(n),
  clipped: new Uint8Array(n),
});

/** The policy losses on tokens. */
function onTokens(where: string, loss: (tokens: core.TokenBatch) => unknown, ...range: Wrong[]): Row {
  const none = new Float64Array(0);
  const [empty, nothing] = [new Uint8Array(0), { logps: none, logRatio: none, advantages: none, weights: none }];
  return {
    shape: [
      [() => loss(token({ logps: Float64Array.of(1, 2) })), `\`${where}\`: \`logps\` must have length 1, got 2`],
      [() => loss(token({ weights: none })), '`weights` must have length 1, got 0'],
      [() => loss(token({ columns: 0 })), '`columns` must divide the 1 tokens into rows, got 0'],
      [() => loss(token({ groups: groups })), '`groups` must have length 1, got 2'],
    ],
    nan: [
      [
        () => loss(token({ advantages: Float64Array.of(NaN) })),
        '`advantages` must be finite where the mask is 1, at [0], got NaN',
      ],
    ],
    range,
    empty: [[() => loss(token({ mask: empty, columns: 0, groups: [], ...nothing })), noTerms(0)]],
    masked: [
      [
        () => loss(token({ mask: Uint8Array.of(0), advantages: Float64Array.of(NaN), logps: Float64Array.of(NaN) })),
        noTerms(1),
      ],
    ],
  };
}

const grpo = (batch: object, options: object = {}) =>
  core.grpoLoss({ logps: one, mask: one, advantages: [1], ...batch }, options);
const otb = (change: object, options: object = {}) =>
  core.optimalTokenBaselineAdvantages(
    { returns: one, mask: one, groups: ['a'], logps: zero, sumPiSquared: one, ...change },
    options,
  );
const correct = (change: object, ...steps: object[]) =>
  core.correctionWeights({ mask: one, oldLogps: zero, samplerLogps: zero, ...change }, steps as core.CorrectionStep[]);
const teach = (change: object) => ({ advantages: [1], mask: one, logps: zero, teacherLogps: zero, ...change });
const notOf = (argument: string) => `\`${argument}\` must be finite where the mask is 1, at [0, 0], got NaN`;
const shaped = (argument: string) => `\`${argument}\` must have shape [1, 1], got [1, 2]`;

const table: Readonly<Record<string, Row>> = {
  adaptiveEntropy: {
    nan: [
      [
        () => core.adaptiveEntropy({ coefficient: NaN }, 1, { target: 1, step: 1 }),
        '`state.coefficient` must be finite',
      ],
      [
        () => core.adaptiveEntropy({ coefficient: 0 }, NaN, { target: 1, step: 1 }),
        '`entropy` must be finite, got NaN',
      ],
      [() => core.adaptiveEntropy({ coefficient: 0 }, 1, { target: NaN, step: 1 }), '`target` must be finite, got NaN'],
    ],
    range: [
      [() => core.adaptiveEntropy({ coefficient: 0 }, 1, { target: 1, step: -1 }), '`step` must be at least 0, got -1'],
      [
        () => core.adaptiveEntropy({ coefficient: 0 }, 1, { target: 1, step: 1, min: 2 }),
        '`min` must be at most max 1, got 2',
      ],
    ],
  },
  adaptiveKl: {
    nan: [
      [() => core.adaptiveKl({ coefficient: 1 }, NaN, 1), '`kl` must be finite, got NaN'],
      [() => core.adaptiveKl({ coefficient: NaN }, 1, 1), '`state.coefficient` must be at least 0, got NaN'],
    ],
    range: [
      [() => core.adaptiveKl({ coefficient: -1 }, 1, 1), '`state.coefficient` must be at least 0, got -1'],
      [() => core.adaptiveKl({ coefficient: 1 }, 1, -1), '`completions` must be at least 0, got -1'],
      [() => core.adaptiveKl({ coefficient: 1 }, 1, 1, { target: 0 }), '`target` must be above 0, got 0'],
      [() => core.adaptiveKl({ coefficient: 1 }, 1, 1, { horizon: 0 }), '`horizon` must be above 0, got 0'],
    ],
    empty: [[() => core.adaptiveKl({ coefficient: 1 }, 1, 0), { coefficient: 1 }]],
  },
  addKlToAdvantages: {
    shape: [
      [
        () => core.addKlToAdvantages({ advantages: [1, 2], mask: one, logps: one, refLogps: one }, { coefficient: 1 }),
        '`advantages` must have shape [1] or [1, 1], got [2]',
      ],
      [
        () => core.addKlToAdvantages({ advantages: [1], mask: one, logps: two, refLogps: one }, { coefficient: 1 }),
        shaped('logps'),
      ],
    ],
    nan: [
      [
        () => core.addKlToAdvantages({ advantages: [1], mask: one, logps: one, refLogps: nan }, { coefficient: 1 }),
        notOf('refLogps'),
      ],
    ],
    range: [
      [
        () => core.addKlToAdvantages({ advantages: [1], mask: one, logps: one, refLogps: one }, { coefficient: -1 }),
        '`coefficient` must be at least 0, got -1',
      ],
      [
        () =>
          core.addKlToAdvantages(
            { advantages: [1], mask: one, logps: one, refLogps: one },
            { coefficient: 1, discount: -1 },
          ),
        '`discount` must be at least 0',
      ],
    ],
    empty: [
      [
        () =>
          flat(core.addKlToAdvantages({ advantages: [], mask: none, logps: none, refLogps: none }, { coefficient: 1 })),
        [],
      ],
    ],
    masked: [
      [
        () =>
          flat(
            core.addKlToAdvantages({ advantages: [NaN], mask: zero, logps: nan, refLogps: nan }, { coefficient: 1 }),
          ),
        [0],
      ],
    ],
  },
  advantageMetrics: {
    nan: [[() => core.advantageMetrics([1, NaN]), '`advantages[1]` must be finite, got NaN']],
    empty: [
      [
        () => core.advantageMetrics([]),
        {
          'advantage/mean': 0,
          'advantage/std': 0,
          'advantage/min': 0,
          'advantage/max': 0,
          'advantage/positive': 0,
        },
      ],
    ],
  },
  aggregationCounts: {
    shape: [
      [() => core.aggregationCounts(ndarray(Float64Array.of(1), [1])), '`mask` must have shape [B, T], got [1]'],
      [() => core.aggregationCounts(one, { groups }), '`groups` must have length 1, got 2'],
    ],
    nan: [[() => core.aggregationCounts(nan), '`mask` must be 0 or 1 at [0, 0], got NaN']],
    empty: [[() => core.aggregationCounts(none), { tokens: 0, sequences: 0, filledSequences: 0 }]],
    masked: [[() => core.aggregationCounts(zero), { tokens: 0, sequences: 1, filledSequences: 0 }]],
  },
  aggregationWeights: {
    shape: [
      [
        () => core.aggregationWeights(ndarray(Float64Array.of(1), [1]), 'token-mean'),
        '`mask` must have shape [B, T], got [1]',
      ],
      [
        () => core.aggregationWeights(one, 'prompt-mean', { groups }),
        "`groups` must have length 1 for mode 'prompt-mean', got 2",
      ],
    ],
    name: [
      [() => core.aggregationWeights(one, what), '`mode` must be one of token-mean'],
      [
        () => core.aggregationWeights(one, 'constant', { emptySequences: what }),
        '`emptySequences` must be one of skip, count',
      ],
    ],
    nan: [
      [() => core.aggregationWeights(nan, 'token-mean'), '`mask` must be 0 or 1 at [0, 0], got NaN'],
      [() => core.aggregationWeights(one, 'constant', { length: NaN }), '`length` must be above 0, got NaN'],
    ],
    range: [
      [
        () => core.aggregationWeights(one, 'token-mean', { counts: { tokens: -1, sequences: 1, filledSequences: 1 } }),
        '`counts.tokens` must be at least 0, got -1',
      ],
      [() => core.aggregationWeights(one, 'constant', { length: -1 }), '`length` must be above 0, got -1'],
    ],
    empty: [[() => flat(core.aggregationWeights(none, 'token-mean')), []]],
    masked: [[() => flat(core.aggregationWeights(zero, 'grpo')), [0]]],
  },
  checkProvenance: {
    nan: [
      [
        () => core.checkProvenance({ temperature: NaN }, { temperature: NaN }),
        '`trained.temperature` must be above 0, got NaN',
      ],
    ],
    range: [
      [
        () => core.checkProvenance({ temperature: -1 }, { temperature: -1 }),
        '`trained.temperature` must be above 0, got -1',
      ],
    ],
  },
  cispo: onTokens('cispo', core.cispo, [
    () => core.cispo(token(), { ratioCap: 0 }),
    '`ratioCap` must be above 0, got 0',
  ]),
  clipCov: onTokens(
    'clipCov',
    (tokens) => core.clipCov(tokens, { seed: 's' }),
    [() => core.clipCov(token()), '`seed` must be given, new for each step, got undefined'],
    [() => core.clipCov(token(), { seed: 's', share: -1 }), '`share` must be at least 0, got -1'],
  ),
  clippedSurrogate: onTokens(
    'clippedSurrogate',
    core.clippedSurrogate,
    [() => core.clippedSurrogate(token(), { clipLow: -1 }), '`clipLow` must be at least 0, got -1'],
    [() => core.clippedSurrogate(token(), { clipHigh: NaN }), '`clipHigh` must be at least 0, got NaN'],
    [() => core.clippedSurrogate(token(), { dualClip: 1 }), '`dualClip` must be above 1, got 1'],
  ),
  collectGroups: {
    nan: [
      [() => core.collectGroups(undefined, [], { target: NaN }), '`target` must be a whole number above 0, got NaN'],
    ],
    range: [
      [() => core.collectGroups(undefined, [], { target: 1.5 }), '`target` must be a whole number above 0, got 1.5'],
      [
        () => core.collectGroups(undefined, [], { target: 1, maxRounds: -1 }),
        '`maxRounds` must be a whole number above 0, got -1',
      ],
    ],
    empty: [
      [
        () => core.collectGroups(undefined, [], { target: 1, maxRounds: 1 }),
        { status: 'exhausted', kept: [], surplus: [], rounds: 1, rejected: 0 },
      ],
    ],
  },
  combineMetrics: {
    shape: [[() => core.combineMetrics([{ kl: 1 }]), '`parts` must each have `tokens`, got [kl]']],
    nan: [[() => core.combineMetrics([{ tokens: NaN }]), '`tokens` must be at least 0, got NaN']],
    range: [[() => core.combineMetrics([{ tokens: -1 }]), '`tokens` must be at least 0, got -1']],
    empty: [[() => core.combineMetrics([]), {}]],
    masked: [[() => core.combineMetrics([{ tokens: 0, kl: 3 }]), { tokens: 0 }]],
  },
  correctionWeights: {
    shape: [[() => correct({ oldLogps: two }), shaped('oldLogps')]],
    name: [
      [() => correct({}, { kind: what }), '`kind` must be one of truncate, mask'],
      [() => correct({}, { kind: 'truncate', level: what, max: 1 }), '`truncate.level` must be one of token, sequence'],
      [
        () => correct({}, { kind: 'reject', level: 'token', divergence: what, max: 1 }),
        '`reject.divergence` must be one of k2',
      ],
      [() => correct({}, { kind: 'normalize', over: what }), '`normalize.over` must be one of tokens, sequences'],
    ],
    nan: [
      [() => correct({ oldLogps: nan }), notOf('oldLogps')],
      // not reported by the sampler: weight 1, and counted
      [
        () => correct({ samplerLogps: nan }, { kind: 'truncate', level: 'token', max: 2 }),
        { weights: one, missing: 1 },
      ],
      [
        () => correct({}, { kind: 'gate', level: 'token', min: NaN }),
        '`gate.min` must be at most max Infinity, got NaN',
      ],
    ],
    range: [
      [() => correct({}, { kind: 'truncate', level: 'token', max: -1 }), '`truncate.max` must be at least 0, got -1'],
      [() => correct({}, { kind: 'mask', level: 'token', min: 2, max: 1 }), '`mask.min` must be at most max 1, got 2'],
    ],
    empty: [[() => correct({ mask: none, oldLogps: none, samplerLogps: none }).missing, 0]],
    masked: [[() => correct({ mask: zero, oldLogps: nan, samplerLogps: nan }), { weights: zero, missing: 0 }]],
  },
  cosineCoefficient: {
    nan: [[() => core.cosineCoefficient(NaN, { from: 1, steps: 1 }), '`step` must be at least 0, got NaN']],
    range: [
      [() => core.cosineCoefficient(0, { from: -1, steps: 1 }), '`from` must be at least 0, got -1'],
      [() => core.cosineCoefficient(0, { from: 1, to: -1, steps: 1 }), '`to` must be at least 0, got -1'],
      [() => core.cosineCoefficient(0, { from: 1, steps: 0 }), '`steps` must be above 0, got 0'],
    ],
  },
  distillationAdvantages: {
    shape: [
      [() => core.distillationAdvantages(teach({ teacherLogps: two }), { coefficient: 1 }), shaped('teacherLogps')],
    ],
    nan: [[() => core.distillationAdvantages(teach({ teacherLogps: nan }), { coefficient: 1 }), notOf('teacherLogps')]],
    range: [
      [() => core.distillationAdvantages(teach({}), { coefficient: -1 }), '`coefficient` must be at least 0, got -1'],
    ],
    empty: [
      [
        () =>
          flat(
            core.distillationAdvantages(
              { advantages: [], mask: none, logps: none, teacherLogps: none },
              { coefficient: 1 },
            ),
          ),
        [],
      ],
    ],
    masked: [[() => flat(core.distillationAdvantages(teach({ mask: zero, logps: nan }), { coefficient: 1 })), [0]]],
  },
  dppo: {
    ...onTokens('dppo', core.dppo, [() => core.dppo(token(), { low: -1 }), '`low` must be at least 0, got -1']),
    name: [[() => core.dppo(token(), { divergence: what }), '`divergence` must be one of tv, kl, symmetric']],
  },
  dro: onTokens('dro', core.dro, [() => core.dro(token(), { beta: 0 }), '`beta` must be above 0, got 0']),
  explainLoss: {
    empty: [[() => core.explainLoss({}), 'No token counts: the mask is empty, so loss and gradient are 0.']],
  },
  filterZeroVariance: {
    shape: [
      [() => core.filterZeroVariance([1], groups, one, 'keep'), '`groups` must have length 1, got 2'],
      [() => core.filterZeroVariance([1, 2], groups, one, 'keep'), '`rewards` must have length 1, got 2'],
    ],
    name: [
      [
        () => core.filterZeroVariance([1], ['a'], one, what),
        '`policy` must be one of keep, mask-policy, mask-all, drop',
      ],
    ],
    nan: [
      [
        () => core.filterZeroVariance([Infinity], ['a'], one, 'keep'),
        '`rewards` must be finite or null, at [0], got Infinity',
      ],
      [() => core.filterZeroVariance([NaN], ['a'], one, 'drop').rows, []],
    ],
    range: [
      [() => core.filterZeroVariance([1], ['a'], one, 'keep', { tolerance: -1 }), '`tolerance` must be at least 0'],
    ],
    empty: [[() => core.filterZeroVariance([], [], none, 'drop').rows, []]],
    masked: [[() => flat(core.filterZeroVariance([1], ['a'], zero, 'keep').mask), [0]]],
  },
  fipo: {
    ...onTokens('fipo', core.fipo, [() => core.fipo(token(), { halfLife: 0 }), '`halfLife` must be above 0, got 0']),
    name: [[() => core.fipo(token(), { direction: what }), '`direction` must be one of raise, both']],
  },
  gdpoAdvantages: {
    shape: [
      [() => core.gdpoAdvantages([[1], [2]], ['a']), '`groups` must have length 2, got 1'],
      [() => core.gdpoAdvantages([[1], [2, 3]], groups), '`rewards` must have 1 functions in each row, at [1], got 2'],
      [() => core.gdpoAdvantages([[1], [2]], groups, { weights: [1, 1] }), '`weights` must have length 1, got 2'],
      [() => core.gdpoAdvantages([[1], [2]], groups, { counts: [1] }), '`counts` must have length 2, got 1'],
    ],
    name: [
      [() => core.gdpoAdvantages([[1]], ['a'], { scale: what }), '`scale` must be one of group, none'],
      [() => core.gdpoAdvantages([[1]], ['a'], { batch: { epsilonTo: what } }), '`epsilonTo` must be one of variance'],
    ],
    nan: [
      [() => core.gdpoAdvantages([[1], [2]], groups, { weights: [NaN] }), '`weights[0]` must be finite, got NaN'],
      [() => core.gdpoAdvantages([[NaN], [null]], groups).unscorable, 2],
    ],
    range: [
      [() => core.gdpoAdvantages([[1], [2]], groups, { epsilon: -1 }), '`epsilon` must be at least 0, got -1'],
      [() => core.gdpoAdvantages([[1], [2]], groups, { counts: [1, -1] }), '`counts` must be at least 0, got -1'],
    ],
    empty: [[() => core.gdpoAdvantages([], []), noAdvantages]],
  },
  generalizedAdvantages: {
    shape: [[() => core.generalizedAdvantages(one, two, one), shaped('values')]],
    name: [[() => core.generalizedAdvantages(one, one, one, { scale: what }), '`scale` must be one of standard, none']],
    nan: [[() => core.generalizedAdvantages(one, nan, one), notOf('values')]],
    range: [
      [() => core.generalizedAdvantages(one, one, one, { gamma: -1 }), '`gamma` must be at least 0, got -1'],
      [() => core.generalizedAdvantages(one, one, one, { lambda: -1 }), '`lambda` must be at least 0, got -1'],
    ],
    empty: [[() => flat(core.generalizedAdvantages(none, none, none).advantages), []]],
    masked: [[() => flat(core.generalizedAdvantages(nan, nan, zero).advantages), [0]]],
  },
  gmpo: onTokens('gmpo', core.gmpo, [
    () => core.gmpo(token(), { clipLow: -1 }),
    '`clipLow` must be at least 0, got -1',
  ]),
  gpgAdvantages: groupwise('gpgAdvantages', core.gpgAdvantages),
  groupAdvantages: {
    ...groupwise('groupAdvantages', core.groupAdvantages),
    name: [
      [() => core.groupAdvantages([1], ['a'], { baseline: what }), '`baseline` must be one of mean, leave-one-out'],
      [() => core.groupAdvantages([1], ['a'], { scale: what }), '`scale` must be one of group, batch'],
    ],
    range: [
      [() => core.groupAdvantages([1], ['a'], { epsilon: -1 }), '`epsilon` must be at least 0, got -1'],
      [() => core.groupAdvantages([1], ['a'], { ddof: 2 as 1 }), '`ddof` must be 0 or 1, got 2'],
    ],
  },
  groupOutcomes: {
    shape: [[() => core.groupOutcomes([1, 0], ['a']), '`groups` must have length 2, got 1']],
    nan: [
      [() => core.groupOutcomes([1], ['a'], { goodAbove: NaN }), '`goodAbove` must be finite, got NaN'],
      [() => core.groupOutcomes([NaN], ['a']), { mixed: 0, allGood: 0, allBad: 0 }],
    ],
    range: [[() => core.groupOutcomes([1], ['a'], { tolerance: -1 }), '`tolerance` must be at least 0, got -1']],
    empty: [[() => core.groupOutcomes([], []), { mixed: 0, allGood: 0, allBad: 0 }]],
  },
  grpoLoss: {
    shape: [
      [() => grpo({ mask: two }), '`mask columns` must have length 1, got 2'],
      [() => grpo({ oldLogps: two }), shaped('oldLogps')],
      [() => grpo({ refLogps: two }), shaped('refLogps')],
      [() => grpo({ samplerLogps: two }), shaped('samplerLogps')],
      [() => grpo({ entropies: two }), shaped('entropies')],
      [() => grpo({ weights: two }), shaped('weights')],
      [() => grpo({ policyWeights: two }), shaped('policyWeights')],
      [() => grpo({ groups }), '`groups` must have length 1, got 2'],
      [() => grpo({}, { entropy: { coefficient: 1 } }), '`entropies` must be given for entropy options'],
    ],
    name: [
      [() => grpo({}, { policy: { type: what } }), '`policy.type` must be one of clipped'],
      [() => grpo({}, { ratioLevel: what }), '`ratioLevel` must be one of token'],
      [() => grpo({}, { correctionScope: what }), '`correctionScope` must be one of policy, all'],
      [() => grpo({}, { kl: { weighting: what } }), '`kl.weighting` must be one of none, ratio'],
      [() => grpo({}, { kl: { clampGradient: what } }), '`kl.clampGradient` must be one of keep, zero'],
      [() => grpo({}, { aggregation: { mode: what } }), '`mode` must be one of token-mean'],
    ],
    nan: [
      [() => grpo({ logps: nan }), notOf('logps')],
      [() => grpo({ oldLogps: nan }), notOf('oldLogps')],
      [() => grpo({ refLogps: nan }), notOf('refLogps')],
      [() => grpo({ entropies: nan }), notOf('entropies')],
      [() => grpo({ weights: nan }), notOf('weights')],
      [() => grpo({ policyWeights: nan }), notOf('policyWeights')],
      [() => grpo({ advantages: [NaN] }), '`advantages` must be finite, at [0], got NaN'],
      [() => grpo({ advantages: nan }), notOf('advantages')],
      [() => grpo({ samplerLogps: nan }, { corrections: [{ kind: 'truncate', level: 'token', max: 2 }] }).loss, -1],
      [() => grpo({}, { kl: { coefficient: NaN } }), '`kl.coefficient` must be at least 0, got NaN'],
      [
        () => grpo({ entropies: one }, { entropy: { threshold: NaN } }),
        '`entropy.threshold` must be a number, got NaN',
      ],
    ],
    range: [
      [() => grpo({}, { kl: { coefficient: -1 } }), '`kl.coefficient` must be at least 0, got -1'],
      [() => grpo({}, { kl: { clamp: 0 } }), '`kl.clamp` must be above 0, got 0'],
      [() => grpo({}, { kl: { valueClamp: -1 } }), '`kl.valueClamp` must be above 0, got -1'],
      [() => grpo({}, { logRatioClamp: -1 }), '`logRatioClamp` must be above 0, got -1'],
      [
        () => grpo({ entropies: one }, { entropy: { coefficient: -1 } }),
        '`entropy.coefficient` must be at least 0, got -1',
      ],
      [() => grpo({ entropies: one }, { entropy: { share: 2 } }), '`share` must be in [0, 1], got 2'],
      [
        () => grpo({ entropies: one }, { entropy: { coefficient: 1, tokens: -1 } }),
        '`entropy.tokens` must be at least 0',
      ],
    ],
    empty: [[() => grpo({ logps: none, mask: none, advantages: [] }).loss, 0]],
    masked: [[() => grpo({ logps: nan, oldLogps: nan, mask: zero, advantages: [NaN] }).loss, 0]],
  },
  importanceWeighted: onTokens('importanceWeighted', core.importanceWeighted),
  isInformative: {
    nan: [
      [() => core.isInformative([NaN, null, 1]), false],
      [() => core.isInformative([1], { band: [0, NaN] }), '`band` must be [low, high] with low < high'],
    ],
    range: [
      [() => core.isInformative([1], { band: [1, 0] }), '`band` must be [low, high] with low < high, got [1, 0]'],
      [() => core.isInformative([1], { tolerance: -1 }), '`tolerance` must be at least 0, got -1'],
    ],
    empty: [[() => core.isInformative([]), false]],
  },
  klCov: onTokens(
    'klCov',
    core.klCov,
    [() => core.klCov(token(), { coefficient: -1 }), '`coefficient` must be at least 0, got -1'],
    [() => core.klCov(token(), { share: -1 }), '`share` must be at least 0, got -1'],
  ),
  leaveOneOutAdvantages: groupwise('leaveOneOutAdvantages', core.leaveOneOutAdvantages),
  lengthShapedRewards: {
    shape: [
      [() => core.lengthShapedRewards([1, 0], ['a'], []), '`groups` must have length 2, got 1'],
      [
        () => core.lengthShapedRewards([1], ['a'], [{ amounts: [1, 2], weight: 1 }]),
        '`amounts` must have length 1, got 2',
      ],
    ],
    nan: [
      [
        () => core.lengthShapedRewards([1], ['a'], [{ amounts: [NaN], weight: 1 }]),
        '`amounts` must be at least 0, got NaN',
      ],
      [() => core.lengthShapedRewards([NaN], ['a'], []), Float64Array.of(NaN)],
    ],
    range: [
      [
        () => core.lengthShapedRewards([1], ['a'], [{ amounts: [1], weight: -1 }]),
        '`weight` must be at least 0, got -1',
      ],
    ],
    empty: [[() => core.lengthShapedRewards([], [], []), new Float64Array(0)]],
  },
  lengthWeightedAdvantages: {
    ...groupwise('lengthWeightedAdvantages', (r, g, options) =>
      core.lengthWeightedAdvantages(
        r,
        g,
        r.map(() => 1),
        options,
      ),
    ),
    range: [[() => core.lengthWeightedAdvantages([1, 0], groups, [1, -1]), '`lengths` must be at least 0, got -1']],
  },
  maskTruncated: {
    shape: [[() => core.maskTruncated(one, [true, false]), '`truncated` must have length 1, got 2']],
    nan: [[() => core.maskTruncated(nan, [true]), '`mask` must be 0 or 1 at [0, 0], got NaN']],
    empty: [[() => flat(core.maskTruncated(none, [])), []]],
    masked: [[() => flat(core.maskTruncated(zero, [false])), [0]]],
  },
  maxRlAdvantages: groupwise('maxRlAdvantages', core.maxRlAdvantages),
  normalizeAdvantages: {
    shape: [[() => core.normalizeAdvantages(two, one), shaped('advantages')]],
    name: [[() => core.normalizeAdvantages(one, one, { epsilonTo: what }), '`epsilonTo` must be one of variance']],
    nan: [[() => core.normalizeAdvantages(nan, one), notOf('advantages')]],
    range: [
      [() => core.normalizeAdvantages(one, one, { epsilon: -1 }), '`epsilon` must be at least 0, got -1'],
      [() => core.normalizeAdvantages(one, one, { ddof: 2 as 1 }), '`ddof` must be 0 or 1, got 2'],
    ],
    empty: [[() => flat(core.normalizeAdvantages(none, none)), []]],
    masked: [[() => flat(core.normalizeAdvantages(nan, zero)), [0]]],
  },
  optimalTokenBaselineAdvantages: {
    shape: [
      [() => otb({ returns: two }), shaped('returns')],
      [() => otb({ groups }), '`groups` must have length 1, got 2'],
    ],
    name: [[() => otb({}, { tail: what }), '`tail` must be one of keep, zero']],
    nan: [
      [() => otb({ returns: nan }), notOf('returns')],
      [() => otb({ importanceWeights: nan }), notOf('importanceWeights')],
    ],
    empty: [[() => flat(otb({ returns: none, mask: none, groups: [], logps: none, sumPiSquared: none })), []]],
    masked: [[() => flat(otb({ returns: nan, mask: zero, logps: nan, sumPiSquared: nan })), [0]]],
  },
  overlongPenalties: {
    name: [
      [
        () => core.overlongPenalties([1], { maxLength: 1, buffer: 1, beyond: what }),
        '`beyond` must be one of saturate',
      ],
    ],
    nan: [
      [() => core.overlongPenalties([NaN], { maxLength: 1, buffer: 1 }), '`lengths[0]` must be at least 0, got NaN'],
    ],
    range: [
      [() => core.overlongPenalties([1], { maxLength: 1, buffer: 1, factor: -1 }), '`factor` must be above 0, got -1'],
      [() => core.overlongPenalties([1], { maxLength: 1, buffer: 2 }), '`buffer` must be at most maxLength 1, got 2'],
    ],
    empty: [[() => core.overlongPenalties([], { maxLength: 1, buffer: 1 }), new Float64Array(0)]],
  },
  passAtK: {
    nan: [[() => core.passAtK(NaN, 0, 1), '`n` must be an integer, got NaN']],
    range: [
      [() => core.passAtK(4, 5, 1), '`c` must be an integer from 0 to 4, got 5'],
      [() => core.passAtK(4, -1, 1), '`c` must be an integer from 0 to 4, got -1'],
      [() => core.passAtK(4, 1, 0), '`k` must be an integer from 1 to 4, got 0'],
    ],
    empty: [[() => core.passAtK(4, 0, 2), 0]],
  },
  passAtKAdvantages: groupwise('passAtKAdvantages', core.passAtKAdvantages),
  ratioWindow: onTokens('ratioWindow', core.ratioWindow, [
    () => core.ratioWindow(token(), { clipHigh: -1 }),
    '`clipHigh` must be at least 0, got -1',
  ]),
  real: onTokens(
    'real',
    core.real,
    [() => core.real(token({ groups: undefined })), '`groups` must be given, got undefined'],
    [() => core.real(token(), { temperature: 0 }), '`temperature` must be above 0, got 0'],
  ),
  reinforce: onTokens('reinforce', core.reinforce),
  reinforcePlusPlusAdvantages: {
    shape: [[() => core.reinforcePlusPlusAdvantages(two, one), shaped('rewards')]],
    name: [[() => core.reinforcePlusPlusAdvantages(one, one, { gaps: what }), '`gaps` must be one of carry, reset']],
    nan: [[() => core.reinforcePlusPlusAdvantages(nan, one), notOf('rewards')]],
    range: [[() => core.reinforcePlusPlusAdvantages(one, one, { gamma: -1 }), '`gamma` must be at least 0, got -1']],
    empty: [[() => flat(core.reinforcePlusPlusAdvantages(none, none).advantages), []]],
    masked: [[() => flat(core.reinforcePlusPlusAdvantages(nan, zero).advantages), [0]]],
  },
  reinforcePlusPlusBaselineAdvantages: {
    shape: [
      [() => core.reinforcePlusPlusBaselineAdvantages([1, 0], groups, one), '`rewards` must have length 1, got 2'],
      [
        () => core.reinforcePlusPlusBaselineAdvantages([1], groups, one),
        '`reinforcePlusPlusBaselineAdvantages`: `groups` must have length 1, got 2',
      ],
    ],
    name: [
      [
        () => core.reinforcePlusPlusBaselineAdvantages([1], ['a'], one, { singletons: what }),
        '`singletons` must be one of zero',
      ],
    ],
    nan: [[() => flat(core.reinforcePlusPlusBaselineAdvantages([NaN], ['a'], one).advantages), [0]]],
    range: [
      [
        () => core.reinforcePlusPlusBaselineAdvantages([1], ['a'], one, { epsilon: -1 }),
        '`epsilon` must be at least 0',
      ],
    ],
    empty: [[() => flat(core.reinforcePlusPlusBaselineAdvantages([], [], none).advantages), []]],
    masked: [[() => flat(core.reinforcePlusPlusBaselineAdvantages([1], ['a'], zero).advantages), [0]]],
  },
  remaxAdvantages: {
    shape: [
      [() => core.remaxAdvantages(two, one, [0]), shaped('rewards')],
      [() => core.remaxAdvantages(one, one, [0, 0]), '`baselines` must have length 1, got 2'],
    ],
    nan: [[() => core.remaxAdvantages(one, one, [NaN]), '`baselines[0]` must be finite, got NaN']],
    range: [[() => core.remaxAdvantages(one, one, [0], { gamma: -1 }), '`gamma` must be at least 0, got -1']],
    empty: [[() => flat(core.remaxAdvantages(none, none, []).advantages), []]],
    masked: [[() => flat(core.remaxAdvantages(nan, zero, [1]).advantages), [0]]],
  },
  replaceGroups: {
    nan: [[() => core.replaceGroups([], { seed: 's', minShare: NaN }), '`minShare` must be at least 0, got NaN']],
    range: [[() => core.replaceGroups([], { seed: 's', minShare: 2 }), '`minShare` must be at most 1, got 2']],
    empty: [[() => core.replaceGroups([], { seed: 's' }), { groups: [], replaced: 0 }]],
  },
  retireSolved: {
    nan: [[() => core.retireSolved({}, [], { goodAbove: NaN }), '`goodAbove` must be finite, got NaN']],
    range: [[() => core.retireSolved({}, [], { passRate: 2 }), '`passRate` must be at most 1, got 2']],
    empty: [[() => core.retireSolved({ a: true }, []), { a: true }]],
  },
  roleAdvantages: {
    shape: [[() => core.roleAdvantages([1, 0], ['a']), '`roles` must have length 2, got 1']],
    nan: [
      [() => core.roleAdvantages([Infinity], ['a']), '`rewards` must be finite or null, at [0], got Infinity'],
      [() => core.roleAdvantages([1], ['a'], { a: NaN }), '`baselines.a` must be finite, got NaN'],
      [() => core.roleAdvantages([NaN], ['a']).baselines, {}],
    ],
    range: [[() => core.roleAdvantages([1], ['a'], {}, { decay: 1 }), '`decay` must be in [0, 1), got 1']],
    empty: [[() => core.roleAdvantages([], []).baselines, {}]],
  },
  samplerDiagnostics: {
    shape: [[() => core.samplerDiagnostics({ mask: one, oldLogps: two, samplerLogps: one }), shaped('oldLogps')]],
    nan: [
      [() => core.samplerDiagnostics({ mask: one, oldLogps: nan, samplerLogps: one }), notOf('oldLogps')],
      [() => core.samplerDiagnostics({ mask: one, oldLogps: one, samplerLogps: nan })['kl'] === 0, true],
    ],
    empty: [
      [
        () =>
          Object.values(core.samplerDiagnostics({ mask: none, oldLogps: none, samplerLogps: none })).every(
            (x) => x === 0,
          ),
        true,
      ],
    ],
    masked: [
      [
        () =>
          Object.values(core.samplerDiagnostics({ mask: zero, oldLogps: nan, samplerLogps: nan })).every(
            (x) => x === 0,
          ),
        true,
      ],
    ],
  },
  sapo: onTokens('sapo', core.sapo, [
    () => core.sapo(token(), { temperaturePositive: 0 }),
    '`temperaturePositive` must be above 0',
  ]),
  selfDistillationAdvantages: {
    shape: [[() => core.selfDistillationAdvantages(teach({ logps: two })), shaped('logps')]],
    name: [[() => core.selfDistillationAdvantages(teach({}), { apply: what }), '`apply` must be one of all, negative']],
    nan: [[() => core.selfDistillationAdvantages(teach({ logps: nan })), notOf('logps')]],
    range: [
      [() => core.selfDistillationAdvantages(teach({}), { mix: 2 }), '`mix` must be in [0, 1], got 2'],
      [() => core.selfDistillationAdvantages(teach({}), { clip: -1 }), '`clip` must be at least 0, got -1'],
    ],
    empty: [
      [
        () => flat(core.selfDistillationAdvantages({ advantages: [], mask: none, logps: none, teacherLogps: none })),
        [],
      ],
    ],
    masked: [[() => flat(core.selfDistillationAdvantages(teach({ mask: zero, logps: nan }))), [0]]],
  },
  stopProperlyRewards: {
    shape: [[() => core.stopProperlyRewards([1], [true, false], 1), '`truncated` must have length 1, got 2']],
    nan: [[() => core.stopProperlyRewards([1], [true], NaN), '`coefficient` must be finite, got NaN']],
    empty: [[() => core.stopProperlyRewards([], [], 1), new Float64Array(0)]],
  },
  tokenKl: {
    shape: [[() => core.tokenKl(one, two, one), shaped('refLogps')]],
    name: [[() => core.tokenKl(one, one, one, { estimator: what }), '`kl.estimator` must be one of k1']],
    nan: [[() => core.tokenKl(one, nan, one), notOf('refLogps')]],
    range: [[() => core.tokenKl(one, one, one, { clamp: -1 }), '`kl.clamp` must be above 0, got -1']],
    empty: [[() => flat(core.tokenKl(none, none, none).values), []]],
    masked: [[() => flat(core.tokenKl(nan, nan, zero).slopes), [0]]],
  },
  tokenReturns: {
    shape: [[() => core.tokenReturns(two, one), shaped('rewards')]],
    name: [[() => core.tokenReturns(one, one, { gaps: what }), '`gaps` must be one of carry, reset']],
    nan: [[() => core.tokenReturns(nan, one), notOf('rewards')]],
    range: [[() => core.tokenReturns(one, one, { gamma: -1 }), '`gamma` must be at least 0, got -1']],
    empty: [[() => flat(core.tokenReturns(none, none)), []]],
    masked: [[() => flat(core.tokenReturns(nan, zero)), [0]]],
  },
  tokenRewards: {
    shape: [
      [() => core.tokenRewards([1, 2], one), '`rewards` must have length 1, got 2'],
      [() => core.tokenRewards([1], one, two), shaped('kl')],
    ],
    nan: [
      [() => core.tokenRewards([NaN], one), '`rewards[0]` must be finite, got NaN'],
      [() => core.tokenRewards([1], one, nan), notOf('kl')],
    ],
    range: [[() => core.tokenRewards([1], one, one, -1), '`coefficient` must be at least 0, got -1']],
    empty: [[() => flat(core.tokenRewards([], none)), []]],
    masked: [[() => flat(core.tokenRewards([NaN], zero, nan)), [0]]],
  },
  topEntropyMask: {
    shape: [[() => core.topEntropyMask(two, one, 1), shaped('entropies')]],
    nan: [
      [() => core.topEntropyMask(nan, one, 1), notOf('entropies')],
      [() => core.topEntropyMask(one, one, NaN), '`share` must be in [0, 1], got NaN'],
    ],
    range: [[() => core.topEntropyMask(one, one, -1), '`share` must be in [0, 1], got -1']],
    empty: [[() => core.topEntropyMask(none, none, 1).threshold, 0]],
    masked: [[() => core.topEntropyMask(nan, zero, 1).threshold, 0]],
  },
  uncertaintyWeights: {
    shape: [[() => core.uncertaintyWeights([1, 0], ['a'], { range: 1 }), '`groups` must have length 2, got 1']],
    nan: [[() => core.uncertaintyWeights([NaN, 1], groups, { range: 1 }), Float64Array.of(1, 1)]],
    range: [
      [() => core.uncertaintyWeights([1], ['a'], { range: 0 }), '`range` must be above 0, got 0'],
      [() => core.uncertaintyWeights([1], ['a'], { range: 1, strength: -1 }), '`strength` must be at least 0, got -1'],
    ],
    empty: [[() => core.uncertaintyWeights([], [], { range: 1 }), new Float64Array(0)]],
  },
  vespo: onTokens('vespo', core.vespo, [
    () => core.vespo(token(), { powerNegative: -1 }),
    '`powerNegative` must be at least 0',
  ]),
};

test('every function of core has a row', () => {
  const functions = Object.entries(core).flatMap(([name, member]) => (typeof member === 'function' ? [name] : []));
  expect(Object.keys(table).sort()).toEqual(functions.sort());
});

describe.each(Object.entries(table))('%s', (_, row) => {
  const cases = Object.entries(row).flatMap(([kind, entries]) =>
    (entries as readonly (Wrong | Limit)[]).map(([call, expected], i) => [`${kind} ${i}`, call, expected] as const),
  );
  test.each(cases)('%s', (_, call, expected) => {
    if (typeof expected === 'string' && expected.includes('` must ')) {
      expect(call).toThrow(RangeError);
      expect(call).toThrow(expected);
      expect(call).toThrow(/^`\w+`: `[^`]+` must .*, got /);
    } else expect(call()).toEqual(expected);
  });
});
