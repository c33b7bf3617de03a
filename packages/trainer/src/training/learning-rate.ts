/** How the learning rate moves over a run. */
export interface LearningRateOptions {
  /** The highest rate. */
  readonly learningRate: number;
  /** What happens after the warm-up: down to 0 in a straight line, down to 0 along a half cosine, or nothing. */
  readonly schedule: 'linear' | 'cosine' | 'constant';
  /** Steps over which the rate rises from 0. */
  readonly warmupSteps: number;
}

/**
 * Learning rate of one optimizer step, as the schedules of the same names in Hugging Face transformers give it.
 *
 * @param step - from 1
 * @param steps - steps of the whole run
 */
export function learningRateAt(step: number, steps: number, options: LearningRateOptions): number {
  const { learningRate, schedule, warmupSteps } = options;
  const done = step - 1; // transformers counts finished steps
  if (done < warmupSteps) return (learningRate * done) / warmupSteps;
  if (schedule === 'constant') return learningRate;
  const progress = Math.min(1, (done - warmupSteps) / Math.max(1, steps - warmupSteps));
  return learningRate * (schedule === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress)));
}
