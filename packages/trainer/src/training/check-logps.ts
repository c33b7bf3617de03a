import type { Matrix } from '../policies/policy.js';

/**
 * Stops a run whose model no longer gives numbers, before they reach the weights.
 *
 * @param logps - [B, T]
 * @param mask - [B, T] 1 where a log-prob counts
 * @throws Error naming the step and what to do
 */
export function checkLogps(logps: Matrix, mask: Matrix, step: number): void {
  const [rows = 0, columns = 0] = mask.shape;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = logps.get(row, column);
      if (mask.get(row, column) === 0 || Number.isFinite(value)) continue;
      throw new Error(
        `step ${step}: a log-prob is ${value}, so the weights have most likely diverged; start anew with a lower ` +
          'optimizer.learningRate, or from an earlier checkpoint',
      );
    }
  }
}
