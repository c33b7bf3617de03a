import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import ndarray from 'ndarray';
import {
  aggregationWeights,
  combineMetrics,
  correctionWeights,
  grpoLoss,
  type GrpoBatch,
  type GrpoOptions,
  presets,
} from '../src/index.js';
import { rowsOf } from '../src/invariants/partition-law.js';
import { batches } from './support/arbitraries.js';
import { expectClose } from './support/close.js';
import { matrix } from './support/golden.js';

const variants: Record<string, GrpoOptions> = {
  default: {},
  'q-insight': presets['q-insight'].loss,
  trl: { ...presets.trl.loss, kl: { ...presets.trl.loss.kl, coefficient: 0.1 } },
  verl: presets.verl.loss,
  dapo: presets.dapo.loss,
  'dr-grpo': presets['dr-grpo'].loss,
  sequence: { ratioLevel: 'sequence', kl: { coefficient: 0.1, weighting: 'ratio' } },
};

describe('grpoLoss', () => {
  test('one token by hand: ratio e^0.5 held at 1.2, k3 of d = 0.25', () => {
    const batch = {
      logps: matrix([[-1]]),
      oldLogps: matrix([[-1.5]]),
      refLogps: matrix([[-1.25]]),
      mask: matrix([[1]]),
      advantages: [2],
    };
    const { loss, gradient, metrics } = grpoLoss(batch, { kl: { coefficient: 0.5 } });
    const kl = Math.exp(-0.25) + 0.25 - 1;
    expectClose(loss, -1.2 * 2 + 0.5 * kl, { relative: 1e-12 });
    expectClose(gradient.data, [0.5 * (1 - Math.exp(-0.25))], { relative: 1e-12 });
    expect(metrics).toMatchObject({ 'clip_ratio/high_mean': 1, 'clip_ratio/low_mean': 0, tokens: 1, on_policy: 0 });
    expectClose(metrics['kl']!, kl, { relative: 1e-12 });
  });

  test('on-policy: the loss is 0 but the gradient is not, and `signal` says so', () => {
    const batch = { logps: matrix([[-1], [-2]]), mask: matrix([[1], [1]]), advantages: [1, -1] };
    const { loss, gradient, metrics } = grpoLoss(batch);
    expect(loss).toBe(0);
    expect([...gradient.data]).toEqual([-0.5, 0.5]);
    expect(metrics).toMatchObject({ on_policy: 1, signal: 1 });
  });

  test('reads any layout: a transposed float32 view, per-token advantages, byte mask', () => {
    const logps = ndarray(Float32Array.of(-1, -2, -3, -4, -5, -6), [3, 2]).transpose(1, 0); // [[-1, -3, -5], [-2, -4, -6]]
    const mask = ndarray(Uint8Array.of(1, 0, 1, 1, 1, 0), [2, 3]);
    const advantages = matrix([
      [1, NaN, 2],
      [3, 4, NaN],
    ]);
    const { gradient } = grpoLoss({ logps, mask, advantages });
    expect([...gradient.data]).toEqual([-0.25, 0, -0.5, -0.75, -1, 0]);
    expect(gradient.shape).toEqual([2, 3]);
  });

  test('reads any layout: every other column of every other row', () => {
    const wide = (data: number[]) => ndarray(Float64Array.from(data), [6, 4], [4, 1], 0).step(2, 2);
    const numbers = Array.from({ length: 24 }, (_, k) => -k / 8);
    const dense = (m: ReturnType<typeof wide>) =>
      matrix([0, 1, 2].map((row) => [0, 1].map((column) => m.get(row, column))));
    const [logps, oldLogps] = [wide(numbers), wide(numbers.map((x, k) => x + 0.1 * (k % 7)))];
    const mask = matrix([
      [1, 1],
      [0, 1],
      [1, 1],
    ]);
    const advantages = [1, -2, 3];
    const expected = grpoLoss({ logps: dense(logps), oldLogps: dense(oldLogps), mask, advantages });
    expect(grpoLoss({ logps, oldLogps, mask, advantages })).toEqual(expected);
  });

  // a batch longer than the blocks it is walked in
  const long = (of: (k: number) => number) =>
    ndarray(
      Float64Array.from({ length: 3000 }, (_, k) => of(k)),
      [1000, 3],
    );
  const ones = long(() => 1);

  test('an error deep in a long batch names its place', () => {
    const run = (logps: typeof ones) => () => grpoLoss({ logps, mask: ones, advantages: new Float64Array(1000) });
    expect(run(long((k) => (k === 2996 ? NaN : -1)))).toThrow(
      '`logps` must be finite where the mask is 1, at [998, 2]',
    );
    const advantages = new Float64Array(1000).fill(1, 0, 997).fill(NaN, 997);
    expect(() => grpoLoss({ logps: ones, mask: ones, advantages })).toThrow('`advantages` must be finite, at [997]');
  });

  test('what takes statistics over the batch takes them over all of a long one', () => {
    const logps = long((k) => -1 - (k % 5));
    const samplerLogps = long((k) => -1 - (k % 5) - k / 3000);
    const entropies = long((k) => k / 3000);
    const advantages = Array.from({ length: 1000 }, (_, row) => (row % 2 === 0 ? 1 : -1));
    const batch = { logps, samplerLogps, entropies, mask: ones, advantages };
    const corrections = [{ kind: 'truncate', level: 'token', max: 2 }, { kind: 'normalize' }] as const;
    const { weights } = correctionWeights({ mask: ones, oldLogps: logps, samplerLogps }, corrections);
    const corrected = grpoLoss(batch, { corrections }).gradient.data;
    expectClose(
      corrected,
      Float64Array.from(weights.data, (w, k) => (-w * advantages[Math.floor(k / 3)]!) / 3000),
      {
        relative: 1e-12,
      },
    );
    // the upper half of all entropies lies in the second half of the rows
    const kept = grpoLoss(batch, { entropy: { share: 0.5 } }).gradient.data;
    expect([kept.findIndex((g) => g !== 0), kept.filter((g) => g !== 0).length]).toEqual([1500, 1500]);
  });

  test('a batch in which nothing counts has loss 0 and gradient 0', () => {
    for (const options of Object.values(variants)) {
      const empty = matrix([[NaN, NaN]]);
      const batch = { logps: empty, oldLogps: empty, refLogps: empty, mask: matrix([[0, 0]]), advantages: [NaN] };
      const { loss, gradient, metrics } = grpoLoss(batch, options);
      expect(loss).toBe(0);
      expect(gradient.data.every((g) => g === 0)).toBe(true);
      expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
    }
    expect(grpoLoss({ logps: matrix([]), mask: matrix([]), advantages: [] }).loss).toBe(0);
  });

  test('errors name function, argument, expected and got', () => {
    const good = { logps: matrix([[-1, -2]]), mask: matrix([[1, 1]]), advantages: [1] };
    const run =
      (change: Partial<GrpoBatch>, options: GrpoOptions = {}) =>
      () =>
        grpoLoss({ ...good, ...change }, options);
    expect(run({ mask: matrix([[1]]) })).toThrow('`grpoLoss`: `mask columns` must have length 2, got 1');
    expect(run({ advantages: [1, 2] })).toThrow('`grpoLoss`: `advantages` must have shape [1] or [1, 2], got [2]');
    expect(run({ advantages: matrix([[1]]) })).toThrow('`advantages` must have shape [1, 2], got [1, 1]');
    expect(run({ oldLogps: matrix([[1, 2, 3]]) })).toThrow('`oldLogps` must have shape [1, 2], got [1, 3]');
    expect(run({ logps: ndarray(Float64Array.of(1), [1]) })).toThrow('`logps` must have shape [B, T], got [1]');
    expect(run({ logps: matrix([[NaN, -1]]) })).toThrow(
      '`logps` must be finite where the mask is 1, at [0, 0], got NaN',
    );
    expect(run({ advantages: [NaN] })).toThrow('`advantages` must be finite, at [0], got NaN');
    expect(run({ mask: matrix([[1, 0.5]]) })).toThrow('`mask` must be 0 or 1 at [0, 1], got 0.5');
    expect(run({ groups: ['a', 'b'] })).toThrow('`groups` must have length 1, got 2');
    expect(run({}, { kl: { coefficient: 0.1 } })).toThrow('`refLogps` must be given when kl.coefficient is above 0');
    expect(run({}, { kl: { coefficient: -1 } })).toThrow('`kl.coefficient` must be at least 0, got -1');
    expect(run({}, { kl: { estimator: 'k4' as 'k3' } })).toThrow('`kl.estimator` must be one of k1, k2');
    expect(run({}, { ratioLevel: 'word' as 'token' })).toThrow('`ratioLevel` must be one of token, sequence');
    expect(run({}, { logRatioClamp: 0 })).toThrow('`logRatioClamp` must be above 0, got 0');
    expect(run({}, { policy: { type: 'ppo' as 'clipped' } })).toThrow('`policy.type` must be one of clipped');
    expect(run({}, { policy: { type: 'clipped', clipLow: -0.1 } })).toThrow('`clipLow` must be at least 0, got -0.1');
    expect(run({}, { aggregation: { mode: 'mean' as 'token-mean' } })).toThrow('`mode` must be one of token-mean');
  });

  test('metrics of micro-batches, empty ones too, combine to those of the whole', () => {
    fc.assert(
      fc.property(batches(), fc.array(fc.nat({ max: 2 }), { minLength: 5, maxLength: 5 }), (batch, parts) => {
        const weights = aggregationWeights(batch.mask, 'token-mean');
        const whole = grpoLoss(batch).metrics;
        const metrics = [2, 0, 1].map((part) => {
          const rows = batch.groups.flatMap((_, row) => (parts[row] === part ? [row] : []));
          return grpoLoss(rowsOf({ ...batch, weights }, rows)).metrics;
        });
        const combined = combineMetrics(metrics);
        for (const name of ['loss', 'tokens', 'sequences', 'signal', 'clip_ratio/region_mean', 'ratio/mean']) {
          if (whole['tokens'] === 0 && name.includes('/')) continue;
          expectClose(combined[name] ?? 0, whole[name]!, { relative: 1e-10, absolute: 1e-12 });
        }
      }),
    );
  });
});
