import { describe, expect, test } from '@jest/globals';
import '../support/arbitraries.js';
import ndarray from 'ndarray';
import {
  gdpoAdvantages,
  gpgAdvantages,
  groupAdvantages,
  grpoLoss,
  type GrpoOptions,
  leaveOneOutAdvantages,
  lengthWeightedAdvantages,
  maxRlAdvantages,
  passAtKAdvantages,
  presets,
} from '../../src/index.js';
import {
  type AdvantageEstimator,
  lawConstantGroupsAreZero,
  lawFinite,
  lawGradientMatchesValue,
  lawGroupsIndependent,
  lawMaskImmune,
  lawPermutationEquivariant,
  lawRowOrder,
  lawScaleInvariant,
  lawShiftInvariant,
  lawZeroSum,
} from '../../src/invariants/index.js';

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

/** Each estimator, and the laws it keeps; those it is not meant to keep must fail on it. */
const estimators: Record<string, { estimate: AdvantageEstimator; keeps: Law[]; breaks: Law[] }> = {
  grpo: {
    estimate: (r, g) => groupAdvantages(r, g, { epsilon: 0 }).advantages,
    keeps: ['shift', 'scale', 'permutation', 'independence', 'zero sum', 'zero variance'],
    breaks: [],
  },
  'dr-grpo': {
    estimate: (r, g) => groupAdvantages(r, g, { scale: 'none' }).advantages,
    keeps: ['shift', 'permutation', 'independence', 'zero sum', 'zero variance'],
    breaks: ['scale'],
  },
  'batch std': {
    estimate: (r, g) => groupAdvantages(r, g, { scale: 'batch', epsilon: 0 }).advantages,
    keeps: ['shift', 'scale', 'permutation', 'zero sum', 'zero variance'],
    breaks: ['independence'],
  },
  'leave one out': {
    estimate: (r, g) => leaveOneOutAdvantages(r, g).advantages,
    keeps: ['shift', 'permutation', 'independence', 'zero sum', 'zero variance'],
    breaks: ['scale'],
  },
  'length weighted': {
    estimate: (r, g) =>
      lengthWeightedAdvantages(
        r,
        g,
        r.map((x) => 1 + Math.abs(x)),
      ).advantages,
    keeps: ['permutation', 'independence', 'zero variance'],
    breaks: ['zero sum'],
  },
  'pass at k': {
    estimate: (r, g) => passAtKAdvantages(r, g, { epsilon: 0 }).advantages,
    keeps: ['shift', 'scale', 'permutation', 'independence', 'zero variance'],
    breaks: ['zero sum'],
  },
  'max rl': {
    estimate: (r, g) => maxRlAdvantages(r.map(Math.abs), g).advantages,
    keeps: ['scale', 'permutation', 'independence', 'zero sum', 'zero variance'],
    breaks: ['shift'],
  },
  gpg: {
    estimate: (r, g) => gpgAdvantages(r, g).advantages,
    keeps: ['permutation', 'zero sum', 'zero variance'],
    breaks: ['scale', 'independence'],
  },
  gdpo: {
    estimate: (r, g) =>
      gdpoAdvantages(
        r.map((x) => [x, Math.abs(x)]),
        g,
        { epsilon: 0 },
      ).advantages,
    keeps: ['permutation', 'zero variance'],
    breaks: ['independence'],
  },
};

describe.each(Object.entries(estimators))('%s', (_, { estimate, keeps, breaks }) => {
  test.each(keeps)('keeps %s', (law) => laws[law](estimate, { runs }));
  if (breaks.length === 0) return;
  test.each(breaks)('breaks %s, and the law notices', (law) => {
    expect(() => laws[law](estimate, { runs })).toThrow();
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

describe.each(Object.entries(presets))('loss of %s', (_, { loss }) => {
  const options: GrpoOptions = { ...loss, logRatioClamp: 20, kl: { ...loss.kl, clamp: 20 } };
  test('keeps the laws of losses', () => {
    lawMaskImmune((batch) => grpoLoss(batch, options));
    lawFinite((batch) => grpoLoss(batch, options));
    // KL-Cov gives ties to the earlier token
    if (loss.policy?.type !== 'kl-cov') lawRowOrder((batch) => grpoLoss(batch, options));
  });
});

/** What a law says of its counterexample; fast-check keeps it as the cause. */
function complaint(run: () => void): string {
  try {
    run();
  } catch (error) {
    return String((error as Error).cause);
  }
  return 'kept';
}

describe('the laws of losses notice', () => {
  test('a wrong sign', () => {
    expect(
      complaint(() =>
        lawGradientMatchesValue((batch) => {
          const { loss, gradient } = grpoLoss(batch);
          return {
            loss,
            gradient: ndarray(
              gradient.data.map((g) => -g),
              gradient.shape,
            ),
          };
        }),
      ),
    ).toContain('gradient');
    lawGradientMatchesValue((batch) => grpoLoss(batch));
  });
  test('a loss that reads what is masked', () => {
    expect(
      complaint(() =>
        lawMaskImmune((batch) => ({ loss: batch.logps.data.reduce((a, b) => a + b, 0), gradient: batch.logps })),
      ),
    ).toContain('mask');
  });
  test('an overflow', () => {
    expect(
      complaint(() =>
        lawFinite((batch) => grpoLoss(batch, { policy: { type: 'importance-weighted' }, logRatioClamp: Infinity })),
      ),
    ).toContain('finite');
  });
  test('a loss that depends on the position of a row', () => {
    expect(complaint(() => lawRowOrder((batch) => ({ loss: batch.advantages[0]!, gradient: batch.logps })))).toContain(
      'row order',
    );
  });
});
