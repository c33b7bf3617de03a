// Our side: ours.ts. Prints one JSON line: milliseconds of the block's pass and of a decoded token, and numbers to compare.
import { compile } from '@q-insight/tensorflow';
import * as tf from '@tensorflow/tfjs';
import seedrandom from 'seedrandom';
import { tinyConfig } from '../../examples/tiny/model.js';
import { chooseBackend } from '../../packages/trainer/src/backends/choose-backend.js';
import { createGradients } from '../../packages/trainer/src/models/gradients.js';
import { stackBackward, stackForward } from '../../packages/trainer/src/models/layer-stack.js';
import { uploadBatch } from '../../packages/trainer/src/models/qwen2.5-vl/batch-tensors.js';
import { packSequences } from '../../packages/trainer/src/models/qwen2.5-vl/batch.js';
import type { Qwen25VlConfig } from '../../packages/trainer/src/models/qwen2.5-vl/config.js';
import { generate } from '../../packages/trainer/src/models/qwen2.5-vl/generation.js';
import { buildModel } from '../../packages/trainer/src/models/qwen2.5-vl/model.js';
import { uploadParameters } from '../../packages/trainer/src/models/qwen2.5-vl/parameters.js';
import { decoderStack } from '../../packages/trainer/src/models/qwen2.5-vl/sequences.js';
import { expectedTensors } from '../../packages/trainer/src/models/qwen2.5-vl/tensors.js';

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function configOf(hidden: number, intermediate: number, layers: number, heads: number, vocabulary: number) {
  const tiny = await tinyConfig();
  const headDim = hidden / heads;
  const text = {
    ...{ ...tiny.text, hiddenSize: hidden, intermediateSize: intermediate, numHiddenLayers: layers, headDim },
    ...{ numAttentionHeads: heads, numKeyValueHeads: heads / 4, vocabSize: vocabulary },
    mropeSection: [headDim / 2 - 2, 1, 1] as const,
  };
  return { ...tiny, text, vision: { ...tiny.vision, depth: 1, outHiddenSize: hidden } };
}

/** Numbers without a pattern, −0.5 to 0.5, as torch_side.py has them. */
const noise = (i: number): number => {
  const x = 43_758.5453 * Math.sin(12.9898 * i);
  return x - Math.floor(x) - 0.5;
};

/** The i-th value of a matrix is noise / √columns, of a norm 1, of a bias 0. */
async function modelOf(config: Qwen25VlConfig) {
  const values = new Map(
    expectedTensors(config).map(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const scale = 1 / Math.sqrt(size / shape[0]!);
      if (shape.length === 1) return [name, new Float32Array(size).fill(name.endsWith('.weight') ? 1 : 0)] as const;
      return [name, Float32Array.from({ length: size }, (_, i) => scale * noise(i))] as const;
    }),
  );
  return buildModel(config, await uploadParameters(config, values));
}

const promptOf = (length: number) => {
  const positions = Int32Array.from({ length: 3 * length }, (_, i) => i % length);
  return { inputIds: Int32Array.from({ length }, (_, i) => i % 1000), positionIds: positions, ropeDelta: 0 };
};

/** Forward and backward of 4 layers over 1,024 tokens, with the gradients of the input and of every parameter. */
async function block() {
  const config = await configOf(1024, 2816, 4, 16, 1024);
  const model = await modelOf(config);
  const batch = uploadBatch(packSequences([{ prompt: promptOf(1024), completion: [] }], config), config);
  const trained = new Set(
    expectedTensors(config)
      .map(({ name }) => name)
      .filter((name) => name.includes('.layers.')),
  );
  const pass = compile((x: tf.Tensor2D) => {
    const gradients = createGradients(trained);
    const layers = decoderStack(model, batch, gradients);
    const { y, kept } = stackForward(x, layers, 'everything');
    const loss = tf.mean(tf.square(y));
    const dx = stackBackward(kept, tf.mul(y, 2 / y.size), layers, 'everything');
    return { loss, dx, sums: Object.fromEntries(gradients.sums) };
  });
  const times: number[] = [];
  let [loss, norm] = [0, 0];
  for (let round = 0; round < 7; round++) {
    const x = tf.tensor2d(
      Float32Array.from({ length: 1024 * 1024 }, (_, i) => noise(i)),
      [1024, 1024],
    );
    const start = performance.now();
    const result = pass(x);
    loss = ((await result.loss.data()) as Float32Array)[0]!;
    if (round >= 2) times.push(performance.now() - start);
    norm = tf.tidy(() => tf.norm(result.dx).dataSync()[0]!);
    tf.dispose([x, result]);
  }
  return { blockMs: median(times), loss, norm };
}

const DECODED = 128;

/** A token of 8 completions of one prompt of 64 tokens: 12 layers at hidden 256; drawn at temperature 1. */
async function decode() {
  const config = await configOf(256, 704, 12, 8, 8192);
  const model = await modelOf(config);
  const images = tf.zeros<tf.Rank.R2>([0, 256]);
  const sample = async (maxTokens: number, seed: string): Promise<number> => {
    const start = performance.now();
    await generate([promptOf(64)], images, model, {
      ...{ groupSize: 8, maxTokens, temperature: 1, topK: 0, topP: 1, suppressed: [], stopTokens: new Set<number>() },
      random: (_, completion) => seedrandom(`${seed}/${completion}`),
    });
    return performance.now() - start;
  };
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const [whole, prompt] = [await sample(DECODED + 1, `${round}`), await sample(1, `${round}`)];
    if (round >= 2) times.push((whole - prompt) / DECODED);
  }
  return { decodeMs: median(times) };
}

const backend = await chooseBackend();
const results = { system: `ours, ${backend}`, ...(await block()), ...(await decode()) };
console.log(JSON.stringify(results));
process.exit(0);
