import * as core from '../../src/index.js';
import { none, one, zero, nan, two, what, flat, groups, notOf, shaped, type Limit, type Table } from './case.js';

const otb = (change: object, options: object = {}) =>
  core.optimalTokenBaselineAdvantages(
    { returns: one, mask: one, groups: ['a'], logps: zero, sumPiSquared: one, ...change },
    options,
  );
const teach = (change: object) => ({ advantages: [1], mask: one, logps: zero, teacherLogps: zero, ...change });
/** What lies under mask 0 is neither read nor left standing, whether it is a number or none. */
const unread = (call: (masked: typeof one) => unknown): Limit[] =>
  [nan, one].map((masked) => [() => flat(call(masked)), [0]]);

/** Advantages and returns a token. */
export const tokenAdvantages: Table = {
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
  normalizeAdvantages: {
    shape: [[() => core.normalizeAdvantages(two, one), shaped('advantages')]],
    name: [[() => core.normalizeAdvantages(one, one, { epsilonTo: what }), '`epsilonTo` must be one of variance']],
    nan: [[() => core.normalizeAdvantages(nan, one), notOf('advantages')]],
    range: [
      [() => core.normalizeAdvantages(one, one, { epsilon: -1 }), '`epsilon` must be at least 0, got -1'],
      [() => core.normalizeAdvantages(one, one, { ddof: 2 as 1 }), '`ddof` must be 0 or 1, got 2'],
    ],
    empty: [[() => flat(core.normalizeAdvantages(none, none)), []]],
    masked: unread((x) => core.normalizeAdvantages(x, zero)),
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
    masked: unread((x) => otb({ returns: x, mask: zero, logps: x, sumPiSquared: x })),
  },
  reinforcePlusPlusAdvantages: {
    shape: [[() => core.reinforcePlusPlusAdvantages(two, one), shaped('rewards')]],
    name: [[() => core.reinforcePlusPlusAdvantages(one, one, { gaps: what }), '`gaps` must be one of carry, reset']],
    nan: [[() => core.reinforcePlusPlusAdvantages(nan, one), notOf('rewards')]],
    range: [[() => core.reinforcePlusPlusAdvantages(one, one, { gamma: -1 }), '`gamma` must be at least 0, got -1']],
    empty: [[() => flat(core.reinforcePlusPlusAdvantages(none, none).advantages), []]],
    masked: unread((x) => core.reinforcePlusPlusAdvantages(x, zero).advantages),
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
    masked: unread((x) => core.remaxAdvantages(x, zero, [1]).advantages),
  },
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
    masked: unread((x) => core.selfDistillationAdvantages(teach({ mask: zero, advantages: x, logps: x }))),
  },
  tokenReturns: {
    shape: [[() => core.tokenReturns(two, one), shaped('rewards')]],
    name: [[() => core.tokenReturns(one, one, { gaps: what }), '`gaps` must be one of carry, reset']],
    nan: [[() => core.tokenReturns(nan, one), notOf('rewards')]],
    range: [[() => core.tokenReturns(one, one, { gamma: -1 }), '`gamma` must be at least 0, got -1']],
    empty: [[() => flat(core.tokenReturns(none, none)), []]],
    masked: unread((x) => core.tokenReturns(x, zero)),
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
};
