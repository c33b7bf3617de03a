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

/** What a forward pass keeps of one layer. */
export interface Kept {
  readonly x: tf.Tensor2D;
}

/**
 * Runs layers one after the other, freeing memory as it goes, and back again.
 *
 * @param x - the input; the stack takes it over and disposes it
 */
export function runStack(x: tf.Tensor2D, layers: readonly StackLayer[], keep: Keep): StackPass {
  const { y, kept } = stackForward(x, layers, keep);
  return {
    y,
    backward: (dy) => stackBackward(kept.splice(0), dy, layers, keep),
    dispose: () => free(kept.splice(0)),
  };
}

/** The way forward of {@link runStack}. */
export function stackForward(
  x: tf.Tensor2D,
  layers: readonly StackLayer[],
  keep: Keep,
): { readonly y: tf.Tensor2D; readonly kept: Kept[] } {
  const kept: Kept[] = [];
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
  return { y, kept };
}

/** The way back of {@link runStack}; disposes dy and all that was kept. */
export function stackBackward(
  kept: readonly Kept[],
  dy: tf.Tensor2D,
  layers: readonly StackLayer[],
  keep: Keep,
): tf.Tensor2D {
  if (kept.length !== layers.length) {
    throw new Error(`runStack: backward needs a forward pass that kept 'inputs' or 'everything'`);
  }
  let d = dy;
  for (const [index, layer] of [...layers.entries()].reverse()) {
    let saved = kept[index]!;
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
}
