import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CLIP, grpoLoss, type GrpoOptions, type PolicyLossOptions, type RatioLevel } from '../../src/index.js';
import { batches } from '../support/arbitraries.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { matrix } from '../support/golden.js';

/** Every loss, at every level it makes sense at; its laws are in test/invariants/losses.test.ts. */
const losses: readonly (readonly [PolicyLossOptions, RatioLevel])[] = [
  [{ type: 'clipped', clipLow: 0.2, clipHigh: 0.28, dualClip: 3 }, 'token'],
  [{ type: 'clipped', clipLow: 0.1, clipHigh: 0.1 }, 'sequence'],
  [{ type: 'clipped', clipLow: 0.1, clipHigh: 0.1 }, 'sequence-token'],
  [{ type: 'reinforce' }, 'token'],
  [{ type: 'importance-weighted' }, 'token'],
  [{ type: 'importance-weighted' }, 'sequence'],
  [{ type: 'cispo', ratioCap: 1.5 }, 'token'],
  [{ type: 'cispo', clipLow: 0.2, clipHigh: 0.2 }, 'token'],
  [{ type: 'sapo' }, 'token'],
  [{ type: 'sapo' }, 'sequence'],
  [{ type: 'gmpo' }, 'token'],
  [{ type: 'vespo' }, 'token'],
  [{ type: 'fipo', dualClip: 2 }, 'token'],
  [{ type: 'real' }, 'token'],
  [{ type: 'clip-cov', share: 1, lower: 0, seed: 's' }, 'token'],
  [{ type: 'kl-cov', share: 1 }, 'token'],
  [{ type: 'dppo' }, 'token'],
  [{ type: 'dppo', divergence: 'kl' }, 'token'],
  [{ type: 'dppo', divergence: 'symmetric' }, 'token'],
  [{ type: 'dppo', ratioCap: 1.5 }, 'token'],
  [{ type: 'dro', beta: 0.5 }, 'token'],
  [{ type: 'ratio-window' }, 'token'],
];
const named = losses.map(
  ([policy, ratioLevel]) => [`${JSON.stringify(policy)} ${ratioLevel}`, policy, ratioLevel] as const,
);

/** Losses whose value is not what their gradient differentiates: constant weights, or a level with the token's gradient. */
const detached = ['cispo', 'vespo', 'fipo', 'ratio-window'];
const isDetached = (policy: PolicyLossOptions, level: RatioLevel) =>
  detached.includes(policy.type) ||
  level === 'sequence-token' ||
  (policy.type === 'dppo' && policy.ratioCap !== undefined);

const optionsOf = (policy: PolicyLossOptions, ratioLevel: RatioLevel): GrpoOptions => ({
  policy,
  ratioLevel,
  aggregation: { mode: 'sequence-mean-token-mean' },
});

describe.each(named)('%s', (_, policy, ratioLevel) => {
  const options = optionsOf(policy, ratioLevel);

  // At ratio 1 every loss is the policy gradient: -A times the token's weight. REAL knows only good and bad.
  if (policy.type !== 'real' && policy.type !== 'clip-cov' && policy.type !== 'kl-cov') {
    test('on-policy, the gradient is that of REINFORCE', () => {
      fc.assert(
        fc.property(batches(0), (batch) => {
          const expected = grpoLoss(batch, { ...options, policy: { type: 'reinforce' } });
          const { gradient } = grpoLoss(batch, options);
          const perRow = ratioLevel === 'sequence' || policy.type === 'gmpo';
          // a sequence's ratio spreads its tokens' gradients; with one advantage a row that changes nothing
          expectClose(gradient.data, expected.gradient.data, { relative: perRow ? 1e-9 : 1e-12, absolute: 1e-12 });
        }),
      );
    });
  }

  if (policy.type === 'clip-cov') {
    test('the gradient is that of the clipped surrogate, or 0', () => {
      fc.assert(
        fc.property(batches(0.6), (batch) => {
          const clipped = grpoLoss(batch, { ...options, policy: { type: 'clipped' } }).gradient.data;
          grpoLoss(batch, options).gradient.data.forEach((g, k) => expect(g === 0 || g === clipped[k]).toBe(true));
        }),
      );
    });
  }

  // where finite differences say nothing
  if (isDetached(policy, ratioLevel)) {
    test('a step against the gradient lowers what the loss differentiates: logp times its constant weight', () => {
      fc.assert(
        fc.property(batches(0.6), (batch) => {
          const { gradient } = grpoLoss(batch, options);
          // the weight is the slope of the token at advantage 1, and never negative
          for (let k = 0; k < gradient.size; k++) {
            const row = Math.floor(k / batch.logps.shape[1]!);
            const advantage = batch.advantages[row]!;
            expect(gradient.data[k]! * advantage).toBeLessThanOrEqual(0);
          }
        }),
      );
    });
  }

  test('advantages 0 give loss 0 and gradient 0, unless the loss pulls to the old policy itself', () => {
    fc.assert(
      fc.property(batches(0.6), (batch) => {
        const { loss, gradient } = grpoLoss(
          { ...batch, advantages: Array<number>(batch.logps.shape[0]!).fill(0) },
          options,
        );
        if (policy.type === 'dro' || policy.type === 'kl-cov') return;
        expect(loss === 0).toBe(true);
        expect(gradient.data.every((g) => g === 0)).toBe(true);
      }),
    );
  });
});

/** Value, slope over logps and clip metric of one token, with all other options at rest. */
function one(policy: PolicyLossOptions, advantage: number, logRatio: number, logp = -1) {
  const { loss, gradient, metrics } = grpoLoss(
    {
      logps: matrix([[logp]]),
      oldLogps: matrix([[logp - logRatio]]),
      mask: matrix([[1]]),
      advantages: [advantage],
    },
    { policy },
  );
  return { loss, slope: gradient.data[0]!, clipped: metrics['clip_ratio/region_mean']! };
}

describe('by hand', () => {
  const e = Math.exp;
  test('reinforce', () => expect(one({ type: 'reinforce' }, 3, 0.7, -2)).toEqual({ loss: 6, slope: -3, clipped: 0 }));
  test('importance-weighted', () =>
    expectClose(one({ type: 'importance-weighted' }, 2, 0.5).loss, -2 * e(0.5), FLOAT64));
  test('cispo, absolute cap', () => {
    expectClose(one({ type: 'cispo', ratioCap: 5 }, 2, 3, -0.5).slope, -10, FLOAT64);
    expectClose(one({ type: 'cispo', ratioCap: 5 }, 2, 1, -0.5).loss, 2 * e(1) * 0.5, FLOAT64);
  });
  test('cispo, relative bounds', () => {
    expectClose(one({ type: 'cispo', clipLow: 0.2, clipHigh: 0.3 }, 1, 3).slope, -1.3, FLOAT64);
    expectClose(one({ type: 'cispo', clipLow: 0.2, clipHigh: 0.3 }, 1, -3).slope, -0.8, FLOAT64);
    expect(() => one({ type: 'cispo', ratioCap: 5, clipLow: 0.2 }, 1, 0)).toThrow(
      '`ratioCap` must not be given together',
    );
  });
  test('sapo: -(4/τ) σ(τ(ρ - 1)) A, with τ = 1.05 for A < 0', () => {
    expectClose(one({ type: 'sapo' }, 1, 0.3).loss, -4 / (1 + e(-(e(0.3) - 1))), FLOAT64);
    expectClose(one({ type: 'sapo' }, -1, 0.3).loss, 4 / 1.05 / (1 + e(-1.05 * (e(0.3) - 1))), FLOAT64);
  });
  test('vespo: φ = 1 on-policy, exp(λ + k log W - λW) off it', () => {
    expectClose(one({ type: 'vespo' }, 2, 0).slope, -2, FLOAT64);
    expectClose(one({ type: 'vespo' }, 2, 0.5).slope, -2 * e(3 + 2 * 0.5 - 3 * e(0.5)), FLOAT64);
    expectClose(one({ type: 'vespo' }, -2, 0.5).slope, 2 * e(2 + 3 * 0.5 - 2 * e(0.5)), FLOAT64);
  });
  test('dppo: clipped by the change of probability, harmful side only', () => {
    const tv = { type: 'dppo', low: 0.2, high: 0.2 } as const;
    const high = Math.log(0.9);
    expect(one(tv, 1, Math.log(3), high)).toEqual({ loss: 0, slope: 0, clipped: 1 }); // 0.3 became 0.9
    expect(one(tv, -1, Math.log(3), high).clipped).toBe(0); // A pulls it back
    expect(one({ ...tv, divergence: 'symmetric' }, -1, Math.log(3), high).clipped).toBe(1);
    expect(one(tv, 1, Math.log(3), Math.log(0.03)).clipped).toBe(0); // 0.01 became 0.03
  });
  test('dro', () => expectClose(one({ type: 'dro', beta: 2 }, 1, 0.5, -2).slope, -1 + 2 * 0.5, FLOAT64));
  test('ratio-window', () => {
    expect(one({ type: 'ratio-window', clipLow: 0.2 }, -1, 0.5)).toEqual({ loss: 0, slope: 0, clipped: 1 });
    expectClose(one({ type: 'ratio-window', clipLow: 0.2 }, -1, 0.1).slope, e(0.1), FLOAT64);
  });
  test('gmpo clips in log space, on the side on which it bites', () => {
    expectClose(one({ type: 'gmpo' }, 1, 0.6).loss, -e(0.4), FLOAT64);
    expectClose(one({ type: 'gmpo' }, 1, -0.6).loss, -e(-0.6), FLOAT64);
    expect(one({ type: 'gmpo' }, -1, -0.6).clipped).toBe(1);
  });
  test('fipo: the future raises a token, and lowers it only if asked', () => {
    const slopes = (direction: 'raise' | 'both', later: number) =>
      grpoLoss(
        {
          logps: matrix([[-1, -1]]),
          oldLogps: matrix([[-1, -1 - later]]),
          mask: matrix([[1, 1]]),
          advantages: [1],
        },
        { policy: { type: 'fipo', direction }, aggregation: { mode: 'token-sum' } },
      ).gradient.data[0]!;
    const decay = 2 ** (-1 / 32);
    expectClose(slopes('raise', 0.1), -e(0.1 * decay), FLOAT64);
    expectClose(slopes('raise', -0.1), -1, FLOAT64);
    expectClose(slopes('both', -0.1), -e(-0.1 * decay), FLOAT64);
    expectClose([slopes('both', -3), slopes('both', 3)], [-0.8, -1.2], FLOAT64);
  });
  test('clip-cov silences its share of candidates, others with another seed', () => {
    const n = 40;
    const silenced = (seed: string) => {
      const { gradient, metrics } = grpoLoss(
        {
          logps: matrix(Array.from({ length: n }, (_, k) => [k % 2 === 0 ? 0 : -2])),
          mask: matrix(Array.from({ length: n }, () => [1])),
          advantages: Array.from({ length: n }, (_, k) => (k % 2 === 0 ? 2 : -2)), // covariance 2 each
        },
        { policy: { type: 'clip-cov', share: 0.25, seed } },
      );
      expect(metrics['clip_ratio/high_mean']).toBe(0.25);
      return [...gradient.data].flatMap((g, k) => (g === 0 ? [k] : []));
    };
    for (let step = 0; step < 20; step++) expect(silenced(`step ${step}`)).toHaveLength(10);
    expect(silenced('a')).toEqual(silenced('a'));
    expect(silenced('a')).not.toEqual(silenced('b'));
  });
  test('clip codes are told apart', () => expect(new Set(Object.values(CLIP)).size).toBe(4));
});

describe('bad options', () => {
  test.each<[PolicyLossOptions, string]>([
    [{ type: 'sapo', temperaturePositive: 0 }, '`sapo`: `temperaturePositive` must be above 0, got 0'],
    [{ type: 'gmpo', clipLow: -1 }, '`gmpo`: `clipLow` must be at least 0, got -1'],
    [{ type: 'vespo', powerNegative: -1 }, '`vespo`: `powerNegative` must be at least 0, got -1'],
    [{ type: 'fipo', halfLife: 0 }, '`fipo`: `halfLife` must be above 0, got 0'],
    [{ type: 'clip-cov' }, '`clipCov`: `seed` must be given, new for each step, got undefined'],
    [{ type: 'kl-cov', share: -1 }, '`klCov`: `share` must be at least 0, got -1'],
    [{ type: 'dppo', ratioCap: 0 }, '`dppo`: `ratioCap` must be above 0, got 0'],
    [{ type: 'dro', beta: 0 }, '`dro`: `beta` must be above 0, got 0'],
    [{ type: 'ratio-window', clipHigh: -1 }, '`ratioWindow`: `clipHigh` must be at least 0, got -1'],
    [{ type: 'real' }, '`real`: `groups` must be given, got undefined'],
    [{ type: 'cispo', ratioCap: 0 }, '`cispo`: `ratioCap` must be above 0, got 0'],
  ])('%j', (policy, message) => {
    expect(() => one(policy, 1, 0.1)).toThrow(message);
  });
});
