import * as tf from '@tensorflow/tfjs';

/** Tensors by parameter name, in Hugging Face's naming. */
export type Parameters = ReadonlyMap<string, tf.Tensor>;

/** Sums of dLoss/dparameter by name, filled by the backward functions. */
export interface Gradients {
  /** Names of the parameters that are trained. */
  readonly trained: ReadonlySet<string>;
  /** Adds to a parameter's gradient. `compute` is only called for a trained parameter. */
  add(name: string, compute: () => tf.Tensor): void;
  /** The sums so far; a parameter without any is absent. They belong to this object. */
  readonly sums: Parameters;
  /** Frees all sums and starts anew. */
  clear(): void;
}

/**
 * Starts empty sums.
 *
 * @param trained - names of the parameters that are trained
 */
export function createGradients(trained: ReadonlySet<string>): Gradients {
  const sums = new Map<string, tf.Tensor>();
  return {
    trained,
    sums,
    add: (name, compute) => {
      if (!trained.has(name)) return;
      const before = sums.get(name);
      // Kept, because backward functions run inside tf.tidy.
      sums.set(
        name,
        tf.tidy(() => tf.keep(before === undefined ? tf.clone(compute()) : tf.add(before, compute()))),
      );
      before?.dispose();
    },
    clear: () => {
      for (const sum of sums.values()) sum.dispose();
      sums.clear();
    },
  };
}
