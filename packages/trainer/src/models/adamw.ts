import * as tf from '@tensorflow/tfjs';
import type { Parameters } from './gradients.js';
import { free, tidy } from './tidy.js';

/** AdamW's settings that stay the same over a run. */
export interface AdamWOptions {
  /** Decay rates of the two moments. @defaultValue [0.9, 0.999] */
  readonly betas?: readonly [number, number];
  /** @defaultValue 1e-8 */
  readonly epsilon?: number;
  /** Parameters shrink by learningRate · weightDecay at each step. @defaultValue 0 */
  readonly weightDecay?: number;
  /** Which parameters shrink. @defaultValue 'all', as torch.optim; 'matrices' spares norms and biases, as transformers */
  readonly decayed?: 'all' | 'matrices';
}

/** The optimizer's memory: its two moments per parameter, and how many steps it made. */
export interface AdamWState {
  steps: number;
  readonly firstMoments: Map<string, tf.Tensor>;
  readonly secondMoments: Map<string, tf.Tensor>;
}

/** The state before the first step. */
export function createAdamWState(): AdamWState {
  return { steps: 0, firstMoments: new Map(), secondMoments: new Map() };
}

/**
 * One step of AdamW (Loshchilov and Hutter, arXiv 1711.05101, algorithm 2) with torch's order of operations:
 * θ ← θ(1 − ηλ); m ← m + (1 − β₁)(g − m); v ← β₂v + (1 − β₂)g²; θ ← θ − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
 *
 * @param parameters - replaced in place; the tensors replaced are disposed. A parameter without a gradient is left alone
 * @param gradients - by the same names
 * @param gradientScale - what gradients are multiplied by first, see {@link clipScale}
 */
export function adamWStep(
  parameters: Map<string, tf.Tensor>,
  gradients: Parameters,
  state: AdamWState,
  learningRate: number,
  gradientScale: number,
  options: AdamWOptions = {},
): void {
  const { betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0, decayed = 'all' } = options;
  const [beta1, beta2] = betas;
  state.steps++;
  const stepSize = learningRate / (1 - beta1 ** state.steps);
  const correction = Math.sqrt(1 - beta2 ** state.steps);
  for (const [name, gradient] of gradients) {
    const parameter = parameters.get(name);
    if (!parameter) throw new Error(`adamWStep: a gradient for "${name}", which is no parameter`);
    const before = { m: state.firstMoments.get(name), v: state.secondMoments.get(name) };
    const decay = decayed === 'all' || parameter.rank > 1 ? weightDecay : 0;
    const [m, v, next] = tidy((): readonly [tf.Tensor, tf.Tensor, tf.Tensor] => {
      const g = gradientScale === 1 ? gradient : tf.mul(gradient, gradientScale);
      const m = before.m ? tf.add(before.m, tf.mul(tf.sub(g, before.m), 1 - beta1)) : tf.mul(g, 1 - beta1);
      const square = tf.mul(tf.square(g), 1 - beta2);
      const v = before.v ? tf.add(tf.mul(before.v, beta2), square) : square;
      const denominator = tf.add(tf.div(tf.sqrt(v), correction), epsilon);
      const shrunk = decay === 0 ? parameter : tf.mul(parameter, 1 - learningRate * decay);
      return [m, v, tf.sub(shrunk, tf.mul(tf.div(m, denominator), stepSize))];
    });
    free(before, parameter);
    state.firstMoments.set(name, m);
    state.secondMoments.set(name, v);
    parameters.set(name, next);
  }
}

/** L2 norm of all gradients together. */
export async function gradientNorm(gradients: Parameters): Promise<number> {
  if (gradients.size === 0) return 0;
  const squares = tf.tidy(() => tf.stack([...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)))));
  const values = (await squares.data()) as Float32Array;
  squares.dispose();
  return Math.sqrt(values.reduce((sum, value) => sum + value, 0));
}

/** What clipping to a norm multiplies gradients by: max / (norm + 1e-6), at most 1, as torch's `clip_grad_norm_`. */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
