import * as tf from '@tensorflow/tfjs';
import { free } from './tidy.js';

/** A layer as a stack runs it. */
export interface StackLayer {
  /** `saved` holds what `backward` reads, the input among it as `x`. */
  forward(x: tf.Tensor2D): { readonly y: tf.Tensor2D; readonly saved: { readonly x: tf.Tensor2D } };
  /** @returns dLoss/dx; adds the parameters' gradients where they belong. */
  backward(saved: { readonly x: tf.Tensor2D }, dy: tf.Tensor2D): tf.Tensor2D;
}

/**
 * What a forward pass keeps for the backward pass:
 * - 'nothing': there will be none;
 * - 'inputs': each layer's input; the layer runs again on the way back (gradient checkpointing);
 * - 'everything': all activations, faster and many times larger.
 */
export type Keep = 'nothing' | 'inputs' | 'everything';

/** A forward pass that may be run backward once. */
export interface StackPass {
  /** Output of the last layer; the caller disposes it. */
  readonly y: tf.Tensor2D;
  /** Consumes dy and all that was kept. @returns dLoss/dx of the stack's input, the caller's to dispose. */
  backward(dy: tf.Tensor2D): tf.Tensor2D;
  /** Frees what was kept, when there will be no backward pass. */
  dispose(): void;
}

/**
 * Runs layers one after the other, freeing memory as it goes, and back again.
 *
 * @param x - the input; the stack takes it over and disposes it
 */
export function runStack(x: tf.Tensor2D, layers: readonly StackLayer[], keep: Keep): StackPass {
  const kept: { readonly x: tf.Tensor2D }[] = [];
  let y = x;
  for (const layer of layers) {
    const input = y;
    const result = layer.forward(input);
    y = result.y;
    if (keep === 'everything') {
      kept.push(result.saved);
      continue;
    }
    const activations = Object.entries(result.saved).filter(([name]) => name !== 'x' || keep === 'nothing');
    free(Object.fromEntries(activations));
    if (keep === 'inputs') kept.push({ x: input });
  }

  const backward = (dy: tf.Tensor2D): tf.Tensor2D => {
    let d = dy;
    for (const layer of [...layers].reverse()) {
      let saved = kept.pop();
      if (!saved) throw new Error(`runStack: backward needs a forward pass that kept 'inputs' or 'everything'`);
      if (keep === 'inputs') {
        const again = layer.forward(saved.x);
        again.y.dispose();
        saved = again.saved;
      }
      const dx = layer.backward(saved, d);
      free(saved);
      d.dispose();
      d = dx;
    }
    return d;
  };

  return { y, backward, dispose: () => free(kept.splice(0)) };
}
