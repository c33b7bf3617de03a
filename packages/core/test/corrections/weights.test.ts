import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { correctionWeights, type CorrectionStep, grpoLoss, samplerDiagnostics } from '../../src/index.js';
import { batches } from '../support/arbitraries.js';
import { expectClose, FLOAT64 } from '../support/close.js';
import { matrix } from '../support/golden.js';

const ln = Math.log;
// ratios 2, 1/2 in row one, 4, 1 in row two
const batch = {
  mask: matrix([
    [1, 1, 0],
    [1, 1, 0],
  ]),
  oldLogps: matrix([
    [-1, -1, NaN],
    [-1, -1, NaN],
  ]),
  samplerLogps: matrix([
    [-1 - ln(2), -1 + ln(2), NaN],
    [-1 - ln(4), -1, NaN],
  ]),
  advantages: [1, -1],
};
const weigh = (...steps: CorrectionStep[]) =>
  [...correctionWeights(batch, steps).weights.data].filter((_, k) => k % 3 !== 2);

describe('correctionWeights', () => {
  test.each<[string, CorrectionStep, number[]]>([
    ['truncate, token', { kind: 'truncate', level: 'token', max: 3 }, [2, 0.5, 3, 1]],
    ['truncate from below', { kind: 'truncate', level: 'token', min: 0.8, max: 9 }, [2, 0.8, 4, 1]],
    ['truncate, sequence: the product', { kind: 'truncate', level: 'sequence', max: 3 }, [1, 1, 3, 3]],
    ['truncate, sequence-mean: the geometric mean', { kind: 'truncate', level: 'sequence-mean', max: 9 }, [1, 1, 2, 2]],
    ['mask', { kind: 'mask', level: 'token', min: 0.6, max: 3 }, [2, 0, 0, 1]],
    ['gate', { kind: 'gate', level: 'sequence', max: 3 }, [1, 1, 0, 0]],
    ['outliers', { kind: 'outliers', min: 0.4, max: 3 }, [1, 1, 0, 0]],
    [
      'reject by k2, token: (log 2)²/2 = 0.24',
      { kind: 'reject', divergence: 'k2', level: 'token', max: 0.5 },
      [1, 1, 0, 1],
    ],
    ['reject by k2, sum', { kind: 'reject', divergence: 'k2', level: 'sequence-sum', max: 0.4 }, [0, 0, 0, 0]],
    ['reject by k2, mean', { kind: 'reject', divergence: 'k2', level: 'sequence-mean', max: 0.4 }, [1, 1, 0, 0]],
    [
      'reject by k3, max: r - log r - 1 = 1.61 at r = 4',
      { kind: 'reject', divergence: 'k3', level: 'sequence-max', max: 1 },
      [1, 1, 0, 0],
    ],
    [
      'reject by tv: e^-1 (1 - 1/4) = 0.276',
      { kind: 'reject', divergence: 'tv', level: 'token', max: 0.2 },
      [1, 0, 0, 1],
    ],
  ])('%s', (_, step, expected) => expectClose(weigh(step), expected, FLOAT64));

  test('steps multiply, normalize comes to mean 1', () => {
    const steps: CorrectionStep[] = [
      { kind: 'gate', level: 'token', max: 3 },
      { kind: 'truncate', level: 'token', max: 1.5 },
    ];
    expectClose(weigh(...steps), [1.5, 0.5, 0, 1], FLOAT64);
    expectClose(weigh(...steps, { kind: 'normalize' }), [2, 2 / 3, 0, 4 / 3], FLOAT64);
    expectClose(weigh(...steps, { kind: 'normalize', over: 'sequences' }), [2, 2 / 3, 0, 4 / 3], FLOAT64);
  });

  test('off-policy drops a bad sequence on which the policy has fallen behind', () => {
    const logps = matrix([
      [-3, -3, 0],
      [-3, -3, 0],
    ]);
    const { weights } = correctionWeights({ ...batch, logps }, [{ kind: 'off-policy', max: 0.5 }]);
    expect([...weights.data]).toEqual([1, 1, 0, 0, 0, 0]);
  });

  test('tv-bound drops what would raise the variation, when it is too large', () => {
    const logps = matrix([
      [-0.5, -1.5, 0],
      [-0.5, -1.5, 0],
    ]);
    const run = (max: number) => [...correctionWeights({ ...batch, logps }, [{ kind: 'tv-bound', max }]).weights.data];
    expect(run(0.1)).toEqual([0, 1, 0, 1, 0, 0]);
    expect(run(1)).toEqual([1, 1, 0, 1, 1, 0]);
  });

  test('a missing log-probability has weight 1 and is counted', () => {
    const samplerLogps = matrix([
      [NaN, -1 + ln(2), 0],
      [-1, -1, 0],
    ]);
    const result = correctionWeights({ ...batch, samplerLogps }, [{ kind: 'truncate', level: 'token', max: 9 }]);
    expectClose(result.weights.data, [1, 0.5, 0, 1, 1, 0], FLOAT64);
    expect(result.missing).toBe(1);
  });

  test('bad steps', () => {
    expect(() => weigh({ kind: 'clip' as 'normalize' })).toThrow('`kind` must be one of truncate, mask');
    expect(() => weigh({ kind: 'mask', level: 'token', min: 2, max: 1 })).toThrow(
      '`mask.min` must be at most max 1, got 2',
    );
    expect(() => weigh({ kind: 'off-policy', max: -1 })).toThrow('`off-policy.max` must be at least 0, got -1');
    expect(() => weigh({ kind: 'gate', level: 'row' as 'token' })).toThrow('`gate.level` must be one of token');
    expect(() => weigh({ kind: 'reject', divergence: 'js' as 'tv', level: 'token', max: 1 })).toThrow(
      '`reject.divergence` must be',
    );
  });
});

describe('in the loss', () => {
  test('law: a correction multiplies each token of the policy gradient, and leaves the KL alone unless told', () => {
    const corrections: CorrectionStep[] = [{ kind: 'truncate', level: 'token', max: 1.2 }];
    fc.assert(
      fc.property(batches(0.5), (given) => {
        const plain = grpoLoss(given);
        const { weights } = correctionWeights(given, corrections);
        const corrected = grpoLoss(given, { corrections });
        expectClose(
          corrected.gradient.data,
          plain.gradient.data.map((g, k) => g * weights.data[k]!),
          FLOAT64,
        );
        const kl = { coefficient: 1 };
        const flat = { ...given, advantages: given.advantages.map(() => 0) };
        expect(grpoLoss(flat, { corrections, kl }).gradient).toEqual(grpoLoss(flat, { kl }).gradient);
        const all = grpoLoss(flat, { corrections, kl, correctionScope: 'all' }).gradient;
        expectClose(
          all.data,
          grpoLoss(flat, { kl }).gradient.data.map((g, k) => g * weights.data[k]!),
          FLOAT64,
        );
      }),
    );
  });

  test('metrics: 1.5, 1/2, 0 and 1', () => {
    const { metrics } = grpoLoss(
      { ...batch, logps: batch.oldLogps },
      {
        corrections: [
          { kind: 'gate', level: 'token', max: 3 },
          { kind: 'truncate', level: 'token', max: 1.5 },
        ],
      },
    );
    expect(metrics).toMatchObject({
      'correction/mean': 0.75,
      'correction/min': 0,
      'correction/max': 1.5,
      'correction/dropped': 0.25,
      'correction/effective_sample_size': 9 / (4 * 3.5), // (1.5 + 0.5 + 1)² over 4 (2.25 + 0.25 + 1)
      'sampler/missing': 0,
    });
  });
});

test('samplerDiagnostics by hand: ratios 2, 1/2, 4, 1', () => {
  const d = samplerDiagnostics(batch);
  expectClose(d['kl']!, -ln(4) / 4, FLOAT64);
  expectClose(d['k3_kl']!, (2 + 0.5 + 4 + 1 - ln(4) - 4) / 4, FLOAT64);
  expectClose(d['chi2_token']!, (4 + 0.25 + 16 + 1) / 4 - 1, FLOAT64);
  expectClose(d['chi2_seq']!, (1 + 16) / 2 - 1, FLOAT64);
  expectClose(d['logp_difference/max']!, ln(4), FLOAT64);
  const empty = samplerDiagnostics({
    ...batch,
    mask: matrix([
      [0, 0, 0],
      [0, 0, 0],
    ]),
  });
  expect(Object.values(empty).every((x) => x === 0 || x === 1)).toBe(true);
});
