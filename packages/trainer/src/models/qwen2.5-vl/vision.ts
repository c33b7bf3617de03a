import * as tf from '@tensorflow/tfjs';
import type { Gradients } from '../gradients.js';
import { runStack, type Keep, type StackLayer } from '../layer-stack.js';
import { gelu, geluBackward } from '../layers/gelu.js';
import { addLinearGradients, linear, linearBackward, type Linear } from '../layers/linear.js';
import { rmsNorm, rmsNormBackward, type RmsNorm } from '../layers/rms-norm.js';
import { rotaryTable } from '../layers/rotary.js';
import { free, tidy } from '../tidy.js';
import type { VisionConfig } from './config.js';
import { visionAngles, type Grid } from './rope.js';
import { segments } from './segment-attention.js';
import { visionBlock, visionBlockBackward, type VisionBlock, type VisionContext } from './vision-block.js';
import { visionLayout } from './vision-layout.js';

/** The vision tower: patches in, one embedding per merged square of patches out. */
export interface VisionTower {
  readonly config: VisionConfig;
  /** [D, channels·frames·patch·patch]: a convolution whose kernel is its stride is a product. */
  readonly patchEmbed: Linear;
  readonly blocks: readonly VisionBlock[];
  readonly mergerNorm: RmsNorm;
  readonly merger0: Linear;
  readonly merger2: Linear;
}

/** A forward pass of the tower that may be run backward once. */
export interface VisionPass {
  /** [tokens, outHiddenSize], in raster order of each image's merged grid; the caller disposes it. */
  readonly embeddings: tf.Tensor2D;
  /** Adds the parameters' gradients; consumes `dEmbeddings` and all that was kept. */
  backward(dEmbeddings: tf.Tensor2D): void;
  dispose(): void;
}

/**
 * Runs images through the tower.
 *
 * @param pixels - [patches, channels·frames·patch·patch] of all images, as the processor gives them; the caller's
 * @param grids - one per image, in the same order
 * @param gradients - where `backward` adds to
 */
export function runVision(
  pixels: tf.Tensor2D,
  grids: readonly Grid[],
  tower: VisionTower,
  keep: Keep,
  gradients: Gradients,
): VisionPass {
  const constants = visionConstants(grids, tower.config);
  const patches = tidy(() => gatherRows(linear(pixels, tower.patchEmbed), constants.patches.toWindows));
  const pass = runStack(patches, stackLayers(tower, constants, gradients), keep);
  const { embeddings, saved } = runMerger(pass.y, tower, constants.units);
  pass.y.dispose();
  if (keep === 'nothing') free(saved);

  const dispose = (): void => {
    pass.dispose();
    free(saved);
    free(constants);
  };
  if (keep === 'nothing') dispose();
  const backward = (dEmbeddings: tf.Tensor2D): void => {
    const dMerged = mergerBackward(saved, dEmbeddings, tower, constants.units, gradients);
    dEmbeddings.dispose();
    const dPatches = pass.backward(dMerged);
    tf.tidy(() => {
      const inOrder = gatherRows(dPatches, constants.patches.toRaster);
      addLinearGradients(pixels, inOrder, tower.patchEmbed, gradients);
    });
    dPatches.dispose();
    dispose();
  };
  return { embeddings, backward, dispose };
}

/** Rows to gather to get into window order and back; absent when it is the order already, as in images of one window. */
interface Reordering {
  readonly toWindows?: tf.Tensor1D;
  readonly toRaster?: tf.Tensor1D;
}

interface VisionConstants {
  readonly windows: VisionContext;
  readonly frames: VisionContext;
  readonly patches: Reordering;
  /** Of merged units, one a token. */
  readonly units: Reordering;
}

function visionConstants(grids: readonly Grid[], config: VisionConfig): VisionConstants {
  const layout = visionLayout(grids, config);
  const merged = config.spatialMergeSize ** 2;
  const patchOrder = Int32Array.from(layout.rows, (_, i) => {
    return layout.unitOrder[Math.floor(i / merged)]! * merged + (i % merged);
  });
  const angles = visionAngles(
    patchOrder.map((patch) => layout.rows[patch]!),
    patchOrder.map((patch) => layout.columns[patch]!),
    config,
  );
  const rotary = rotaryTable(angles, config.hiddenSize / config.numHeads);
  return {
    windows: { rotary, within: segments(layout.windows) },
    frames: { rotary, within: segments(layout.frames) },
    patches: reordering(patchOrder),
    units: reordering(layout.unitOrder),
  };
}

function reordering(order: Int32Array): Reordering {
  if (order.every((from, to) => from === to)) return {};
  const inverse = new Int32Array(order.length);
  order.forEach((from, to) => (inverse[from] = to));
  return { toWindows: tf.tensor1d(order, 'int32'), toRaster: tf.tensor1d(inverse, 'int32') };
}

function stackLayers(tower: VisionTower, constants: VisionConstants, gradients: Gradients): StackLayer[] {
  return tower.blocks.map((block, index) => {
    const context = tower.config.fullattBlockIndexes.includes(index) ? constants.frames : constants.windows;
    return {
      forward: (x) => visionBlock(x, block, context),
      backward: (saved, dy) => visionBlockBackward(saved as SavedBlock, dy, block, context, gradients),
    };
  });
}

type SavedBlock = Parameters<typeof visionBlockBackward>[0];

interface SavedMerger {
  readonly x: tf.Tensor2D;
  /** [tokens, D·merge²] */
  readonly normed: tf.Tensor2D;
  readonly hidden: tf.Tensor2D;
}

/** Norm, join the patches of each square, two linear layers around a GELU, raster order. */
function runMerger(
  x: tf.Tensor2D,
  tower: VisionTower,
  units: Reordering,
): { readonly embeddings: tf.Tensor2D; readonly saved: SavedMerger } {
  return tidy(() => {
    const merged = tower.config.spatialMergeSize ** 2;
    const [patches, size] = x.shape;
    const normed: tf.Tensor2D = tf.reshape(rmsNorm(x, tower.mergerNorm), [patches / merged, size * merged]);
    const hidden = linear(normed, tower.merger0);
    const out = linear(gelu(hidden), tower.merger2);
    return { embeddings: gatherRows(out, units.toRaster), saved: { x: tf.clone(x), normed, hidden } };
  });
}

function mergerBackward(
  saved: SavedMerger,
  dEmbeddings: tf.Tensor2D,
  tower: VisionTower,
  units: Reordering,
  gradients: Gradients,
): tf.Tensor2D {
  return tidy(() => {
    const dOut = gatherRows(dEmbeddings, units.toWindows);
    const dHidden = geluBackward(saved.hidden, linearBackward(gelu(saved.hidden), dOut, tower.merger2, gradients));
    const dNormed = linearBackward(saved.normed, dHidden, tower.merger0, gradients);
    return rmsNormBackward(saved.x, tf.reshape(dNormed, saved.x.shape), tower.mergerNorm, gradients);
  });
}

function gatherRows(x: tf.Tensor2D, rows: tf.Tensor1D | undefined): tf.Tensor2D {
  return rows ? tf.gather(x, rows) : x;
}
