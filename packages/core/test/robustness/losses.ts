import * as core from '../../src/index.js';
import { what, groups, type Row, type Table, type Wrong } from './case.js';

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

/** Policy losses on tokens, called by themselves. */
export const losses: Table = {
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
  dppo: {
    ...onTokens('dppo', core.dppo, [() => core.dppo(token(), { low: -1 }), '`low` must be at least 0, got -1']),
    name: [[() => core.dppo(token(), { divergence: what }), '`divergence` must be one of tv, kl, symmetric']],
  },
  dro: onTokens('dro', core.dro, [() => core.dro(token(), { beta: 0 }), '`beta` must be above 0, got 0']),
  fipo: {
    ...onTokens('fipo', core.fipo, [() => core.fipo(token(), { halfLife: 0 }), '`halfLife` must be above 0, got 0']),
    name: [[() => core.fipo(token(), { direction: what }), '`direction` must be one of raise, both']],
  },
  gmpo: onTokens('gmpo', core.gmpo, [
    () => core.gmpo(token(), { clipLow: -1 }),
    '`clipLow` must be at least 0, got -1',
  ]),
  importanceWeighted: onTokens('importanceWeighted', core.importanceWeighted),
  klCov: onTokens(
    'klCov',
    core.klCov,
    [() => core.klCov(token(), { coefficient: -1 }), '`coefficient` must be at least 0, got -1'],
    [() => core.klCov(token(), { share: -1 }), '`share` must be at least 0, got -1'],
  ),
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
  sapo: onTokens('sapo', core.sapo, [
    () => core.sapo(token(), { temperaturePositive: 0 }),
    '`temperaturePositive` must be above 0',
  ]),
  vespo: onTokens('vespo', core.vespo, [
    () => core.vespo(token(), { powerNegative: -1 }),
    '`powerNegative` must be at least 0',
  ]),
};
