import type { Keep } from '../layer-stack.js';
import { causalScores } from '../layers/causal-attention.js';
import type { TextConfig, VisionConfig } from './config.js';
import type { PackedLayout } from './packed-layout.js';

/** Sizes of a packed batch, see {@link PackedLayout}. */
export type BatchShape = Pick<PackedLayout, 'prompts' | 'promptLength' | 'groupSize' | 'completionLength'>;

/** Values (not bytes) that one decoder layer has at a time. */
export interface LayerValues {
  /** Kept from the way forward for the way back. Exact. */
  readonly kept: number;
  /** At most during the way forward, and during the way back, when operations run one by one. */
  readonly forward: number;
  readonly backward: number;
}

/**
 * What a decoder layer keeps follows from its code; what it needs while it runs was fitted to the peaks that `tf.profile`
 * reports on eleven shapes, within 9 %, with LoRA on all seven matrices. XLA needs less, and so do sequences so long that their
 * attention goes by blocks: in a trial with 700 and 300 tokens 0.71 of it on the way forward, 0.62 on the way back.
 */
export function decoderLayerValues(shape: BatchShape, text: TextConfig): LayerValues {
  const { prompts: P, promptLength: S, groupSize: G, completionLength: C } = shape;
  const rows = P * (S + G * C);
  const hidden = rows * text.hiddenSize;
  const intermediate = rows * text.intermediateSize;
  const keys = rows * text.numKeyValueHeads * text.headDim; // as many values
  const probabilities = P * text.numAttentionHeads * (causalScores(S) + G * (C * S + causalScores(C)));
  return {
    kept: 6 * hidden + 2 * intermediate + 2 * keys + probabilities,
    forward: Math.max(
      18.5 * hidden + 30 * keys + 5.2 * probabilities, // in attention
      8 * hidden + 4 * keys + probabilities + 5 * intermediate, // in the MLP
    ),
    backward: 22 * hidden + 9.5 * intermediate + 22 * keys + 6.8 * probabilities,
  };
}

/** Bytes of activations up to which all of them are kept. */
const KEPT_LIMIT = 2 ** 28;

/** What a pass over a batch had better keep for the way back: everything, while that is little. */
export function whatToKeep(shape: BatchShape, text: TextConfig): Exclude<Keep, 'nothing'> {
  const bytes = 4 * decoderLayerValues(shape, text).kept * text.numHiddenLayers;
  return bytes < KEPT_LIMIT ? 'everything' : 'inputs';
}

/** Patches of a batch of images, and in how large squares they attend to each other. */
export interface PatchCounts {
  readonly patches: number;
  /** Σ patches² over the images. */
  readonly squares: number;
}

/** The same of a block of the vision tower that spans whole images; windows need less. `forward` is within 6 %. */
export function visionBlockValues({ patches, squares }: PatchCounts, vision: VisionConfig): LayerValues {
  const hidden = patches * vision.hiddenSize;
  const intermediate = patches * vision.intermediateSize;
  const probabilities = vision.numHeads * squares;
  return {
    kept: 8 * hidden + 2 * intermediate + probabilities,
    forward: 22.5 * hidden + 5 * intermediate + 1.9 * probabilities,
    backward: 40 * hidden + 13 * intermediate + 5 * probabilities,
  };
}
