import { compile, whileLoop, writeSlice } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import type { RotaryTable } from '../layers/rotary.js';
import { tidy } from '../tidy.js';
import type { BatchTensors } from './batch-tensors.js';
import { decodeStep, futureMask, tailCache, type PromptCache, type TailCache } from './decode.js';
import { mergeMatrices, withMerged, type LanguageWeights, type MergedMatrices } from './language-weights.js';
import type { PackedLayout } from './packed-layout.js';
import { prefill } from './prefill.js';
import { drawTokens, type DrawOptions } from './sampling.js';

/** What stays the same over all steps. The caller disposes its tensors. */
export interface DecodePlan {
  readonly layout: PackedLayout;
  readonly draw: DrawOptions & { readonly stopTokens: readonly number[] };
  /** [maxTokens, P·G] what the draws follow from. */
  readonly uniforms: tf.Tensor2D;
  /** Of each prompt's completion tokens, [maxTokens · P, 1, headDim]. */
  readonly rotary: RotaryTable;
  /** [P, 1, S], when prompts differ in length. */
  readonly padding?: tf.Tensor3D;
}

/** Where the completions are. All of its tensors go round in one loop on the device. */
export interface DecodeState {
  /** How many tokens each completion has. */
  readonly step: tf.Scalar;
  /** [P·G] the latest. */
  readonly ids: tf.Tensor1D;
  /** [P·G] those that have drawn a stop token; what they draw after it is not looked at. */
  readonly finished: tf.Tensor1D;
  /** [P·G, maxTokens] */
  readonly tokens: tf.Tensor2D;
  readonly logprobs: tf.Tensor2D;
  readonly tails: readonly TailCache[];
}

/** What the prompts' pass leaves for decoding. */
interface Prepared {
  readonly caches: readonly PromptCache[];
  readonly merged?: MergedMatrices;
}

/** The prompts' pass, and the first token of each completion. */
export const beginDecoding = compile(
  (batch: BatchTensors, images: tf.Tensor2D, weights: LanguageWeights, plan: DecodePlan) =>
    tidy((): Prepared & { readonly state: DecodeState } => {
      const merged = mergeMatrices(weights);
      const { logits, caches } = prefill(batch, images, withMerged(weights, merged));
      const [maxTokens, rows] = plan.uniforms.shape;
      const start: DecodeState = {
        step: tf.scalar(0, 'int32'),
        ids: tf.zeros([rows], 'int32'),
        finished: tf.zeros([rows], 'bool'),
        tokens: tf.zeros([rows, maxTokens], 'int32'),
        logprobs: tf.zeros([rows, maxTokens]),
        tails: [],
      };
      const state = nextToken(start, tf.gather(logits, promptOfRow(plan.layout)), plan);
      return { state, caches, ...(merged && { merged }) };
    }),
  { name: 'beginDecoding' },
);

/** Decodes until `until` tokens follow the first one, for which there must be room, or all completions are finished. */
export const decodeOn = compile(
  (
    state: DecodeState,
    { caches, merged }: Prepared,
    room: number,
    until: tf.Scalar,
    weights: LanguageWeights,
    plan: DecodePlan,
  ): DecodeState =>
    tidy(() => {
      const { layout, padding } = plan;
      const whole = withMerged(weights, merged);
      const tails = caches.map((_, layer) => tailCache(layout, room, state.tails[layer]));
      const goesOn = ({ step, finished }: DecodeState): tf.Tensor =>
        tf.logicalAnd(tf.lessEqual(step, until), tf.logicalNot(tf.all(finished)));
      const turn = (now: DecodeState): DecodeState => {
        const index: tf.Scalar = tf.sub(now.step, tf.scalar(1, 'int32'));
        const rotary = rotaryOfStep(plan, index);
        const context = { layout, rotary, index, future: futureMask(index, room), ...(padding && { padding }) };
        const decoded = decodeStep(now.ids, context, caches, now.tails, whole);
        return nextToken({ ...now, tails: decoded.tails }, decoded.logits, plan);
      };
      return whileLoop(goesOn, turn, { ...state, tails });
    }),
  { name: 'decodeOn' },
);

/** @param logits - [P·G, V] */
function nextToken(state: DecodeState, logits: tf.Tensor2D, { uniforms, draw }: DecodePlan): DecodeState {
  const { step } = state;
  const random: tf.Tensor1D = tf.reshape(tf.gather(uniforms, tf.reshape(step, [1])), [-1]);
  const { tokens, logprobs } = drawTokens(logits, random, draw);
  const stopped = draw.stopTokens.map((stop) => tf.equal(tokens, tf.scalar(stop, 'int32')));
  return {
    step: tf.add(step, tf.scalar(1, 'int32')),
    ids: tokens,
    finished: stopped.reduce<tf.Tensor>(tf.logicalOr, state.finished) as tf.Tensor1D,
    tokens: writeSlice(state.tokens, tf.expandDims(tokens, 1), 1, step),
    logprobs: writeSlice(state.logprobs, tf.expandDims(logprobs, 1), 1, step),
    tails: state.tails,
  };
}

/** [P·G] */
function promptOfRow({ prompts, groupSize }: PackedLayout): tf.Tensor1D {
  return tf.tensor1d(
    Int32Array.from({ length: prompts * groupSize }, (_, row) => Math.floor(row / groupSize)),
    'int32',
  );
}

/** Of the token at `index` of each completion, [P·G, 1, headDim]. */
function rotaryOfStep({ layout, rotary }: DecodePlan, index: tf.Scalar): RotaryTable {
  const rows = tf.add<tf.Tensor1D>(promptOfRow(layout), tf.mul(index, tf.scalar(layout.prompts, 'int32')));
  return { cos: tf.gather(rotary.cos, rows), signedSin: tf.gather(rotary.signedSin, rows) };
}
