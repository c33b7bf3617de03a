import ndarray from 'ndarray';
import type { LossResult, Matrix, Policy, Sequence } from '../../packages/trainer/src/policies/policy.js';
import type { Example } from './examples.js';

/** Options of {@link supervise}. */
export interface SuperviseOptions {
  readonly minutes: number;
  readonly batchSize: number;
  /** Examples that go through the model at a time; no effect on the result. */
  readonly microBatch: number;
  /** Highest learning rate: reached after `warmupSteps`, then down to zero along a half cosine in the time given. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly maxGradientNorm: number;
  /** Token ids of a text, the end token included. */
  readonly encode: (text: string) => number[];
  readonly nextBatch: (size: number) => Promise<Example[]>;
  /** Milliseconds on a clock that only rises. @defaultValue the process's */
  readonly clock?: () => number;
  /** Called after each step. */
  readonly onStep: (step: SuperviseStep) => Promise<void> | void;
}

/** One step of supervised training. */
export interface SuperviseStep {
  readonly step: number;
  readonly minutes: number;
  /** Mean negative log-likelihood of a token. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/** Supervised training for a given time: next-token loss on the given texts. Returns the number of steps. */
export async function supervise(policy: Policy, options: SuperviseOptions): Promise<number> {
  const { batchSize, microBatch, encode, nextBatch, warmupSteps, maxGradientNorm } = options;
  const clock = options.clock ?? (() => performance.now());
  const start = clock();
  for (let step = 1; ; step++) {
    const progress = (clock() - start) / 60_000 / options.minutes;
    if (progress >= 1) return step - 1;
    const batch = await nextBatch(batchSize);
    const sequences = batch.map(({ prompt, text }) => ({ prompt, completion: encode(text) }));
    const tokens = sequences.reduce((sum, { completion }) => sum + completion.length, 0);
    let loss = 0;
    for (let i = 0; i < sequences.length; i += microBatch) {
      const part = sequences.slice(i, i + microBatch);
      const result = await policy.forwardBackward(part, (logps) => nextTokenLoss(logps, part, tokens));
      loss += result.loss;
    }
    if (!Number.isFinite(loss)) throw new Error(`step ${step}: the loss is ${loss}`);
    const decay = 0.5 * (1 + Math.cos(Math.PI * progress));
    const learningRate = options.learningRate * Math.min(1, step / warmupSteps) * decay;
    const { gradientNorm } = await policy.optimizerStep({ learningRate, maxGradientNorm });
    const minutes = (clock() - start) / 60_000;
    await options.onStep({ step, minutes, loss, gradientNorm, learningRate });
  }
}

/**
 * Negative log-likelihood per token: -sum(logps) / tokens, so dLoss/dlogp = -1 / tokens on every token of a completion.
 *
 * @param tokens - of the whole batch, of which these sequences may be a part
 */
export function nextTokenLoss(logps: Matrix, sequences: readonly Sequence[], tokens: number): LossResult {
  const [rows, columns] = logps.shape as [number, number];
  const gradient = ndarray(new Float32Array(rows * columns), [rows, columns]);
  let loss = 0;
  for (const [row, { completion }] of sequences.entries()) {
    for (let t = 0; t < completion.length; t++) {
      loss -= logps.get(row, t) / tokens;
      gradient.set(row, t, -1 / tokens);
    }
  }
  return { loss, gradient, metrics: {} };
}
