import fc from 'fast-check';
import ndarray, { type NdArray } from 'ndarray';
import { arbitraryBatch, type FullBatch } from './arbitraries.js';
import { type LawOptions, runsOf } from './advantage-laws.js';
import { assertClose } from './close.js';

/** A loss under test: a batch in, its value and its gradient over `logps` (and, if it has one, over `entropies`) out. */
export type BatchLoss = (batch: FullBatch) => {
  readonly loss: number;
  readonly gradient: NdArray<Float64Array>;
  readonly entropyGradient?: NdArray<Float64Array>;
};

/** Options of the laws of losses. */
export interface LossLawOptions extends LawOptions {
  /** |logps − oldLogps| is at most this. @defaultValue 0.6 */
  readonly drift?: number;
}

const JUNK = [NaN, Infinity, -1e300, 7];

/**
 * The gradient is the derivative of the value, by finite differences, wherever the loss is smooth. Losses with constant weights
 * (CISPO and its kin) break it, by design.
 *
 * @param lossOf - the loss.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawGradientMatchesValue((batch) => grpoLoss(batch));
 * ```
 */
export function lawGradientMatchesValue(lossOf: BatchLoss, options: LossLawOptions = {}): void {
  const { tolerance = 1e-5, drift = 0.6 } = options;
  const step = 1e-6;
  fc.assert(
    fc.property(arbitraryBatch({ drift }), (batch) => {
      const { loss, gradient } = lossOf(batch);
      const base = batch.logps.data;
      const at = (data: Float64Array) => lossOf({ ...batch, logps: ndarray(data, batch.logps.shape) });
      for (let k = 0; k < base.length; k++) {
        if (batch.mask.data[k] === 0) continue;
        const slope = gradient.data[k]!;
        const [above, below] = [at(nudged(base, k, step)), at(nudged(base, k, -step))];
        const [forward, backward] = [(above.loss - loss) / step, (loss - below.loss) / step];
        // not across a kink, which shows in the value or, where two kinks cancel, in the gradient
        fc.pre(Math.abs(forward - backward) <= tolerance * (1 + Math.abs(forward)));
        for (const near of [above, below]) {
          fc.pre(Math.abs(near.gradient.data[k]! - slope) <= 100 * tolerance * (1 + Math.abs(slope)));
        }
        assertClose('gradient', [slope], [(forward + backward) / 2], tolerance);
      }
    }),
    { maxSkipsPerRun: 1000, ...runsOf(options) },
  );
}

function nudged(values: Float64Array, k: number, by: number): Float64Array {
  const copy = values.slice();
  copy[k]! += by;
  return copy;
}

/**
 * What lies under mask 0 is never read: NaN, infinity or nonsense there changes neither value nor gradient, and the gradient there
 * is 0.
 *
 * @param lossOf - the loss.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawMaskImmune((batch) => grpoLoss(batch));
 * ```
 */
export function lawMaskImmune(lossOf: BatchLoss, options: LossLawOptions = {}): void {
  fc.assert(
    fc.property(arbitraryBatch({ drift: options.drift ?? 0.6 }), fc.constantFrom(...JUNK), (batch, junk) => {
      const spoil = (m: NdArray<Float64Array>) =>
        ndarray(
          m.data.map((x, k) => (batch.mask.data[k] === 0 ? junk : x)),
          m.shape,
        );
      const clean = lossOf(batch);
      const spoilt = lossOf({
        ...batch,
        logps: spoil(batch.logps),
        oldLogps: spoil(batch.oldLogps),
        refLogps: spoil(batch.refLogps),
        samplerLogps: spoil(batch.samplerLogps),
        entropies: spoil(batch.entropies),
      });
      assertClose('mask: value', [spoilt.loss], [clean.loss], 0);
      assertClose('mask: gradient', spoilt.gradient.data, clean.gradient.data, 0);
      batch.mask.data.forEach((m, k) => {
        if (m === 0) assertClose('mask: gradient under 0', [clean.gradient.data[k]!], [0], 0);
      });
    }),
    runsOf(options),
  );
}

/**
 * Value and gradient are finite whatever the log ratios, up to 1e4 either way: to the old policy, the reference and the sampler.
 *
 * @param lossOf - the loss.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawFinite((batch) => grpoLoss(batch));
 * ```
 */
export function lawFinite(lossOf: BatchLoss, options: LossLawOptions = {}): void {
  fc.assert(
    fc.property(arbitraryBatch({ drift: options.drift ?? 1e4 }), (batch) => {
      const { loss, gradient } = lossOf(batch);
      if (!Number.isFinite(loss)) throw new Error(`finite: the loss is ${loss}`);
      const bad = gradient.data.findIndex((g) => !Number.isFinite(g));
      if (bad >= 0) throw new Error(`finite: the gradient is ${String(gradient.data[bad])} at [${bad}]`);
    }),
    runsOf(options),
  );
}

/**
 * The rows of a batch may come in any order: the value stays, the gradient follows its row.
 *
 * @param lossOf - the loss.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawRowOrder((batch) => grpoLoss(batch));
 * ```
 */
export function lawRowOrder(lossOf: BatchLoss, options: LossLawOptions = {}): void {
  const { tolerance = 1e-9, drift = 0.6 } = options;
  fc.assert(
    fc.property(arbitraryBatch({ drift }), (batch) => {
      const [rows = 0, columns = 0] = batch.logps.shape;
      const reversed = (m: NdArray<Float64Array>) => {
        const parts = Array.from({ length: rows }, (_, row) => [...m.data.slice(row * columns, (row + 1) * columns)]);
        return ndarray(Float64Array.from(parts.reverse().flat()), m.shape);
      };
      const turned = lossOf({
        logps: reversed(batch.logps),
        oldLogps: reversed(batch.oldLogps),
        refLogps: reversed(batch.refLogps),
        samplerLogps: reversed(batch.samplerLogps),
        entropies: reversed(batch.entropies),
        mask: reversed(batch.mask),
        advantages: [...batch.advantages].reverse(),
        groups: [...batch.groups].reverse(),
      });
      const straight = lossOf(batch);
      assertClose('row order: value', [turned.loss], [straight.loss], tolerance);
      assertClose('row order: gradient', reversed(turned.gradient).data, straight.gradient.data, tolerance);
    }),
    runsOf(options),
  );
}
