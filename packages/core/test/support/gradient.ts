import ndarray from 'ndarray';
import { grpoLoss, type GrpoBatch, type GrpoOptions } from '../../src/index.js';

/**
 * dLoss/dlogps by central differences, everything but logps held fixed. Not `smooth` where forward and backward differences
 * differ by more than curvature makes them, which is across a kink; half of that allowance is the error of their mean.
 */
export function finiteDifferences(batch: GrpoBatch, options: GrpoOptions, step = 1e-6) {
  const base = Float64Array.from(batch.logps.data);
  const at = (data: Float64Array) => grpoLoss({ ...batch, logps: ndarray(data, batch.logps.shape) }, options).loss;
  const here = at(base);
  let smooth = true;
  const numeric = base.map((value, k) => {
    const forward = (at(base.with(k, value + step)) - here) / step;
    const backward = (here - at(base.with(k, value - step))) / step;
    smooth &&= Math.abs(forward - backward) <= 1e-6 + 1e-4 * Math.abs(forward);
    return (forward + backward) / 2;
  });
  return { numeric, smooth };
}
