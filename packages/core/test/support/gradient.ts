import ndarray from 'ndarray';
import { grpoLoss, type GrpoBatch, type GrpoOptions } from '../../src/index.js';

/** dLoss/dlogps by central differences, everything but logps held fixed. */
export function finiteDifference(batch: GrpoBatch, options: GrpoOptions, step = 1e-6): Float64Array {
  const base = Float64Array.from(batch.logps.data);
  const lossAt = (data: Float64Array) => grpoLoss({ ...batch, logps: ndarray(data, batch.logps.shape) }, options).loss;
  return base.map((value, k) => {
    const up = lossAt(base.with(k, value + step));
    const down = lossAt(base.with(k, value - step));
    return (up - down) / (2 * step);
  });
}
