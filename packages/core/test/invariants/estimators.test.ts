import { describe, expect, test } from '@jest/globals';
import '../support/arbitraries.js';
import * as core from '../../src/index.js';
import {
  gdpoAdvantages,
  generalizedAdvantages,
  gpgAdvantages,
  groupAdvantages,
  leaveOneOutAdvantages,
  lengthWeightedAdvantages,
  maxRlAdvantages,
  normalizeAdvantages,
  optimalTokenBaselineAdvantages,
  passAtKAdvantages,
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
  remaxAdvantages,
  roleAdvantages,
} from '../../src/index.js';
import {
  type AdvantageEstimator,
  lawConstantGroupsAreZero,
  lawGroupsIndependent,
  lawPermutationEquivariant,
  lawScaleInvariant,
  lawShiftInvariant,
  lawZeroSum,
} from '../../src/invariants/index.js';
import { matrix } from '../support/golden.js';

const runs = Number(process.env['FC_RUNS'] ?? 300);
const laws = {
  shift: lawShiftInvariant,
  scale: lawScaleInvariant,
  permutation: lawPermutationEquivariant,
  independence: lawGroupsIndependent,
  'zero sum': lawZeroSum,
  'zero variance': lawConstantGroupsAreZero,
};
type Law = keyof typeof laws;

interface Row {
  readonly estimate: AdvantageEstimator;
  /** Laws it is not meant to keep, and does not. All others it must keep. */
  readonly breaks: readonly Law[];
  /** Laws that cannot be put to the test here, since what else it needs is made from the rewards. */
  readonly unsaid?: readonly Law[];
}

/** One token a completion. */
const column = (values: readonly number[]) => matrix(values.map((x) => [x]));
const ones = (values: readonly number[]) => column(values.map(() => 1));
const exact = { epsilon: 0 } as const;

/** Each estimator of an advantage from rewards, by the function that computes it. */
const estimators: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  groupAdvantages: {
    grpo: { estimate: (r, g) => groupAdvantages(r, g, exact).advantages, breaks: [] },
    'dr-grpo': { estimate: (r, g) => groupAdvantages(r, g, { scale: 'none' }).advantages, breaks: ['scale'] },
    'batch std': {
      estimate: (r, g) => groupAdvantages(r, g, { scale: 'batch', epsilon: 0 }).advantages,
      breaks: ['independence'],
    },
    'centred batch std': {
      estimate: (r, g) => groupAdvantages(r, g, { scale: 'centred-batch', epsilon: 0 }).advantages,
      breaks: ['independence'],
    },
  },
  leaveOneOutAdvantages: {
    rloo: { estimate: (r, g) => leaveOneOutAdvantages(r, g).advantages, breaks: ['scale'] },
  },
  lengthWeightedAdvantages: {
    opo: {
      estimate: (r, g) =>
        lengthWeightedAdvantages(
          r,
          g,
          r.map((x) => 1 + Math.abs(x)),
        ).advantages,
      breaks: ['zero sum'],
      unsaid: ['shift', 'scale'],
    },
  },
  passAtKAdvantages: {
    'pass at k': { estimate: (r, g) => passAtKAdvantages(r, g, exact).advantages, breaks: ['zero sum'] },
  },
  maxRlAdvantages: {
    'max rl': { estimate: (r, g) => maxRlAdvantages(r.map(Math.abs), g).advantages, breaks: ['shift'] },
  },
  gpgAdvantages: {
    gpg: { estimate: (r, g) => gpgAdvantages(r, g).advantages, breaks: ['shift', 'scale', 'independence'] },
  },
  gdpoAdvantages: {
    gdpo: {
      estimate: (r, g) =>
        gdpoAdvantages(
          r.map((x) => [x, Math.abs(x)]),
          g,
          exact,
        ).advantages,
      breaks: ['independence'],
      unsaid: ['shift'],
    },
  },
  normalizeAdvantages: {
    whitened: {
      estimate: (r) => normalizeAdvantages(column(r), ones(r), exact).data,
      breaks: ['independence', 'zero sum'],
    },
  },
  reinforcePlusPlusAdvantages: {
    'reinforce++': {
      estimate: (r) => reinforcePlusPlusAdvantages(column(r), ones(r), exact).advantages.data,
      breaks: ['independence', 'zero sum'],
    },
  },
  reinforcePlusPlusBaselineAdvantages: {
    'reinforce++ with baseline': {
      estimate: (r, g) => reinforcePlusPlusBaselineAdvantages(r, g, ones(r), exact).advantages.data,
      breaks: ['independence'],
    },
  },
  generalizedAdvantages: {
    'gae without a critic': {
      estimate: (r) => generalizedAdvantages(column(r), column(r.map(() => 0)), ones(r), exact).advantages.data,
      breaks: ['independence', 'zero sum'],
    },
  },
  remaxAdvantages: {
    'remax with a greedy reward of 1': {
      estimate: (r) =>
        remaxAdvantages(
          column(r),
          ones(r),
          r.map(() => 1),
        ).advantages.data,
      breaks: ['shift', 'scale', 'zero sum', 'zero variance'],
    },
  },
  roleAdvantages: {
    'running baselines': {
      estimate: (r, g) => roleAdvantages(r, g.map(String)).advantages,
      breaks: ['shift', 'scale', 'permutation', 'zero sum', 'zero variance'],
    },
  },
  optimalTokenBaselineAdvantages: {
    'tokens of equal energy': {
      estimate: (r, groups) =>
        optimalTokenBaselineAdvantages({
          returns: column(r),
          mask: ones(r),
          groups,
          logps: column(r.map(() => -1)),
          sumPiSquared: column(r.map(() => 0.3)),
        }).data,
      breaks: ['scale'],
      unsaid: ['shift', 'zero sum'], // a singleton keeps its reward, as in verl
    },
  },
};

/** They change advantages that are given, and estimate none. */
const changers = ['addKlToAdvantages', 'distillationAdvantages', 'selfDistillationAdvantages'];

test('every estimator has a row', () => {
  const exported = Object.keys(core).filter((name) => name.endsWith('Advantages') && !changers.includes(name));
  expect(Object.keys(estimators).sort()).toEqual(exported.sort());
});

const rows = Object.values(estimators).flatMap((forms) => Object.entries(forms));
describe.each(rows)('%s', (_, { estimate, breaks, unsaid = [] }) => {
  const keeps = (Object.keys(laws) as Law[]).filter((law) => !breaks.includes(law) && !unsaid.includes(law));
  test.each(keeps)('keeps %s', (law) => laws[law](estimate, { runs }));
  if (breaks.length === 0) return;
  test.each(breaks)('breaks %s, and the law notices', (law) => {
    expect(() => laws[law](estimate, { runs: 1000 })).toThrow();
  });
});

test('leave-one-out is G/(G-1) times centred, whatever the groups', () => {
  const [rewards, groups] = [
    [1, 5, 2, 8, 3],
    ['a', 'a', 'a', 'b', 'b'],
  ];
  const centred = groupAdvantages(rewards, groups, { scale: 'none' }).advantages;
  const left = leaveOneOutAdvantages(rewards, groups).advantages;
  expect([...left]).toEqual([...centred].map((a, i) => a * (i < 3 ? 3 / 2 : 2)));
});
