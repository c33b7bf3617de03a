import ndarray from 'ndarray';
import * as core from '../../src/index.js';
import { none, one, zero, nan, two, what, flat, groups, notOf, shaped, type Table } from './case.js';

const grpo = (batch: object, options: object = {}) =>
  core.grpoLoss({ logps: one, mask: one, advantages: [1], ...batch }, options);
const correct = (change: object, ...steps: object[]) =>
  core.correctionWeights({ mask: one, oldLogps: zero, samplerLogps: zero, ...change }, steps as core.CorrectionStep[]);
/** The loss of a batch and its parts. */
export const loss: Table = {
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
  tokenKl: {
    shape: [[() => core.tokenKl(one, two, one), shaped('refLogps')]],
    name: [[() => core.tokenKl(one, one, one, { estimator: what }), '`kl.estimator` must be one of k1']],
    nan: [[() => core.tokenKl(one, nan, one), notOf('refLogps')]],
    range: [[() => core.tokenKl(one, one, one, { clamp: -1 }), '`kl.clamp` must be above 0, got -1']],
    empty: [[() => flat(core.tokenKl(none, none, none).values), []]],
    masked: [[() => flat(core.tokenKl(nan, nan, zero).slopes), [0]]],
  },
};
