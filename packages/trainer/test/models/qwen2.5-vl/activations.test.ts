import { beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs';
import { chooseBackend } from '../../../src/backends/choose-backend.js';
import { createGradients } from '../../../src/models/gradients.js';
import { initLora, loraPairs, loraShape } from '../../../src/models/lora.js';
import { decoderLayerValues, visionBlockValues, whatToKeep } from '../../../src/models/qwen2.5-vl/activations.js';
import { uploadBatch } from '../../../src/models/qwen2.5-vl/batch-tensors.js';
import { packSequences } from '../../../src/models/qwen2.5-vl/batch.js';
import { readConfig, type Qwen25VlConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { decoderLayer, decoderLayerBackward } from '../../../src/models/qwen2.5-vl/decoder-layer.js';
import { buildModel } from '../../../src/models/qwen2.5-vl/model.js';
import { initParameters, uploadParameters } from '../../../src/models/qwen2.5-vl/parameters.js';
import type { Grid } from '../../../src/models/qwen2.5-vl/rope.js';
import { runVision } from '../../../src/models/qwen2.5-vl/vision.js';
import { goldenPath } from '../../helpers/golden.js';

let base: Qwen25VlConfig;
beforeAll(async () => {
  await chooseBackend();
  base = await readConfig(goldenPath('vlm', 'tied_fp32'));
});

/** Values that a computation has at most, and leaves, beyond those there before. */
async function values(compute: () => unknown): Promise<{ peak: number; left: number }> {
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => compute() as tf.Tensor);
  return { peak: (peakBytes - before) / 4, left: (tf.memory().numBytes - before) / 4 };
}

// the fit is within 9 %: prompts, S, G, C, hidden, intermediate, heads, key heads
test.each([
  [1, 50, 6, 30, 128, 256, 4, 2],
  [3, 33, 2, 20, 64, 512, 4, 1],
  [2, 90, 4, 50, 96, 192, 6, 2],
] as const)('a decoder layer of shape %#', async (P, S, G, C, hidden, intermediate, heads, keyHeads) => {
  const run = await decoderLayerRun(P, S, G, C, hidden, intermediate, heads, keyHeads);
  const { planned, left, forward, backward } = run;
  expect(left).toBe(planned.kept);
  expect(Math.abs(forward / planned.forward - 1)).toBeLessThan(0.12);
  expect(Math.abs(backward / planned.backward - 1)).toBeLessThan(0.12);
});

test('a decoder layer over long sequences, whose attention goes by blocks, needs no more than planned', async () => {
  const { planned, left, forward, backward } = await decoderLayerRun(1, 700, 1, 300, 64, 128, 4, 2);
  expect(left).toBe(planned.kept);
  expect(forward).toBeLessThan(planned.forward);
  expect(backward).toBeLessThan(planned.backward);
});

async function decoderLayerRun(
  P: number,
  S: number,
  G: number,
  C: number,
  hiddenSize: number,
  intermediateSize: number,
  heads: number,
  keyHeads: number,
) {
  const headDim = hiddenSize / heads;
  const text = {
    ...{ ...base.text, hiddenSize, intermediateSize, headDim, numHiddenLayers: 1, vocabSize: 50 },
    ...{ numAttentionHeads: heads, numKeyValueHeads: keyHeads, mropeSection: [headDim / 2 - 2, 1, 1] as const },
  };
  const config = { ...base, text, vision: { ...base.vision, outHiddenSize: hiddenSize } };
  const parameters = await uploadParameters(config, initParameters(config, 'activations'));
  const adapter = initLora(parameters, loraShape({ rank: 8 }), 's');
  const { layers } = buildModel(config, parameters, loraPairs(adapter, loraShape({ rank: 8 })));
  const prompts = Array.from({ length: P }, () => {
    return { inputIds: new Int32Array(S).fill(5), positionIds: new Int32Array(3 * S), ropeDelta: 0 };
  });
  const sequences = prompts.flatMap((prompt) =>
    Array.from({ length: G }, () => ({ prompt, completion: Array<number>(C + 1).fill(3) })),
  );
  const batch = packSequences(sequences, config);
  const context = uploadBatch(batch, config);
  const [x, dy] = [
    tf.ones<tf.Rank.R2>([batch.ids.length, hiddenSize]),
    tf.ones<tf.Rank.R2>([batch.ids.length, hiddenSize]),
  ];
  const planned = decoderLayerValues(batch.layout, text);
  let result: ReturnType<typeof decoderLayer> | undefined;
  const forward = await values(() => (result = decoderLayer(x, layers[0]!, context)).y);
  const backward = await values(() =>
    decoderLayerBackward(result!.saved, dy, layers[0]!, context, createGradients(new Set(adapter.keys()))),
  );
  // y is in the place of x, which was there before
  return { planned, left: forward.left, forward: forward.peak, backward: backward.peak };
}

test.each([
  [2, 12],
  [1, 20],
])('%d images of %d patches a side in a vision block', async (images, side) => {
  const vision = { ...base.vision, depth: 1, fullattBlockIndexes: [0] };
  const config = { ...base, vision };
  const tower = buildModel(config, await uploadParameters(config, initParameters(config, 'v'))).vision;
  const patches = images * side ** 2;
  const pixels = tf.zeros<tf.Rank.R2>([patches, tower.patchEmbed.weight.shape[1]]);
  const grids = Array.from({ length: images }, (): Grid => [1, side, side]);
  const { peak } = await values(
    () => runVision(pixels, grids, tower, 'nothing', createGradients(new Set())).embeddings,
  );
  const planned = visionBlockValues({ patches, squares: images * side ** 4 }, vision).forward;
  expect(Math.abs(peak / planned - 1)).toBeLessThan(0.12);
});

test('all activations are kept while they take less than 256 MiB', () => {
  const shape = (promptLength: number) => ({ prompts: 1, promptLength, groupSize: 1, completionLength: 0 });
  const bytes = (length: number) => 4 * decoderLayerValues(shape(length), base.text).kept * base.text.numHiddenLayers;
  for (const length of [500, 1000, 2000, 4000, 8000]) {
    expect(whatToKeep(shape(length), base.text)).toBe(bytes(length) < 2 ** 28 ? 'everything' : 'inputs');
  }
  expect(whatToKeep(shape(500), base.text)).toBe('everything');
  expect(whatToKeep(shape(8000), base.text)).toBe('inputs');
});
