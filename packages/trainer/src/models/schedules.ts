/** How the learning rate moves over a run. All three rise linearly from 0 over the warm-up first. */
export type ScheduleName = 'constant' | 'linear' | 'cosine';

/** A run's learning rates. */
export interface ScheduleOptions {
  readonly schedule: ScheduleName;
  /** The highest rate. */
  readonly learningRate: number;
  /** Optimizer steps of the whole run. */
  readonly totalSteps: number;
  /** @defaultValue 0 */
  readonly warmupSteps?: number;
}

/**
 * Learning rate of an optimizer step, as in transformers (`get_constant_schedule_with_warmup`,
 * `get_linear_schedule_with_warmup`, `get_cosine_schedule_with_warmup`).
 *
 * With w warm-up steps and n in all, step k < w gets base·k/w; then linear falls as (n − k)/(n − w), cosine as
 * (1 + cos(π(k − w)/(n − w)))/2.
 *
 * @param step - steps done before this one, from 0
 * @throws Error when the warm-up is longer than the run.
 */
export function learningRateAt(step: number, options: ScheduleOptions): number {
  const { schedule, learningRate, totalSteps, warmupSteps = 0 } = options;
  if (warmupSteps > totalSteps) {
    throw new Error(`learningRateAt: warmupSteps must be at most totalSteps ${totalSteps}, got ${warmupSteps}`);
  }
  if (step < warmupSteps) return (learningRate * step) / warmupSteps;
  if (schedule === 'constant') return learningRate;
  const done = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  if (schedule === 'linear') return learningRate * Math.max(0, 1 - done);
  return learningRate * Math.max(0, (1 + Math.cos(Math.PI * done)) / 2);
}
