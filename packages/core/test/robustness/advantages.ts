import * as core from '../../src/index.js';
import { none, one, zero, nan, two, what, flat, groups, notOf, shaped, type Row, type Table } from './case.js';

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

/** Advantages of completions, and what is made of rewards before. */
export const advantages: Table = {
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
  maxRlAdvantages: groupwise('maxRlAdvantages', core.maxRlAdvantages),
  passAtKAdvantages: groupwise('passAtKAdvantages', core.passAtKAdvantages),
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
  uncertaintyWeights: {
    shape: [[() => core.uncertaintyWeights([1, 0], ['a'], { range: 1 }), '`groups` must have length 2, got 1']],
    nan: [[() => core.uncertaintyWeights([NaN, 1], groups, { range: 1 }), Float64Array.of(1, 1)]],
    range: [
      [() => core.uncertaintyWeights([1], ['a'], { range: 0 }), '`range` must be above 0, got 0'],
      [() => core.uncertaintyWeights([1], ['a'], { range: 1, strength: -1 }), '`strength` must be at least 0, got -1'],
    ],
    empty: [[() => core.uncertaintyWeights([], [], { range: 1 }), new Float64Array(0)]],
  },
};
