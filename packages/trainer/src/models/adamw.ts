import { compile } from '@q-insight/tensorflow';
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
  const runs = portions(parameters, gradients);
  state.steps++;
  const stepSize = learningRate / (1 - betas[0] ** state.steps);
  const correction = Math.sqrt(1 - betas[1] ** state.steps);
  const rates = tf.tensor1d([gradientScale, stepSize, correction, 1 - learningRate * weightDecay]);
  for (const names of runs) {
    const before = names.map((name): Trained => {
      const parameter = parameters.get(name)!;
      const moment = (moments: Parameters): tf.Tensor => moments.get(name) ?? tf.zerosLike(parameter);
      return [parameter, gradients.get(name)!, moment(state.firstMoments), moment(state.secondMoments)];
    });
    const decays = before.map(([{ rank }]) => weightDecay > 0 && (decayed === 'all' || rank > 1));
    const after = update(before, decays, rates, betas, epsilon);
    names.forEach((name, i) => {
      const [parameter, m, v] = after[i]!;
      parameters.set(name, parameter);
      state.firstMoments.set(name, m);
      state.secondMoments.set(name, v);
    });
    free(before.map(([parameter, , m, v]) => [parameter, m, v]));
  }
  rates.dispose();
}

/** A parameter, its gradient and its two moments. */
type Trained = readonly [parameter: tf.Tensor, gradient: tf.Tensor, m: tf.Tensor, v: tf.Tensor];

const update = compile(
  (
    all: readonly Trained[],
    decays: readonly boolean[],
    rates: tf.Tensor1D,
    [beta1, beta2]: readonly [number, number],
    epsilon: number,
  ): (readonly [parameter: tf.Tensor, m: tf.Tensor, v: tf.Tensor])[] =>
    tidy(() => {
      const [gradientScale, stepSize, correction, shrinking] = tf.unstack(rates) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]; // prettier-ignore
      return all.map(([parameter, gradient, m, v], i) =>
        tidy(() => {
          const g = tf.mul(gradient, gradientScale);
          const first = tf.add(m, tf.mul(tf.sub(g, m), 1 - beta1));
          const second = tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2));
          const denominator = tf.add(tf.div(tf.sqrt(second), correction), epsilon);
          const shrunk = decays[i] ? tf.mul(parameter, shrinking) : parameter;
          return [tf.sub(shrunk, tf.mul(tf.div(first, denominator), stepSize)), first, second] as const;
        }),
      );
    }),
  { name: 'adamW' },
);

/** Values that are updated at once: while they are, they exist twice. */
const PORTION = 1 << 24;

/** Names of the parameters that have a gradient, in runs of at most {@link PORTION} values, or of one parameter. */
function portions(parameters: Parameters, gradients: Parameters): string[][] {
  const runs: string[][] = [];
  let size = Infinity;
  for (const name of gradients.keys()) {
    const parameter = parameters.get(name);
    if (!parameter) throw new Error(`adamWStep: a gradient for "${name}", which is no parameter`);
    if (size + parameter.size > PORTION) {
      runs.push([]);
      size = 0;
    }
    runs.at(-1)!.push(name);
    size += parameter.size;
  }
  return runs;
}

/** L2 norm of all gradients together. */
export async function gradientNorm(gradients: Parameters): Promise<number> {
  if (gradients.size === 0) return 0;
  const squares = sumsOfSquares([...gradients.values()]);
  const values = (await squares.data()) as Float32Array;
  squares.dispose();
  return Math.sqrt(values.reduce((sum, value) => sum + value, 0));
}

const sumsOfSquares = compile(
  (gradients: readonly tf.Tensor[]) => tf.tidy(() => tf.stack(gradients.map((x) => tf.sum(tf.square(x))))),
  { name: 'sumsOfSquares' },
);

/** What clipping to a norm multiplies gradients by: max / (norm + 1e-6), at most 1, as torch's `clip_grad_norm_`. */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
