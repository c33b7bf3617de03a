import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from '@jest/globals';
import { runStack } from '../../../src/models/layer-stack.js';
import { rmsNorm } from '../../../src/models/layers/rms-norm.js';
import { createGradients } from '../../../src/models/gradients.js';
import { packSequences } from '../../../src/models/qwen2.5-vl/batch.js';
import { uploadBatch } from '../../../src/models/qwen2.5-vl/batch-tensors.js';
import { buildModel } from '../../../src/models/qwen2.5-vl/model.js';
import { decoderStack, embed, runSequences } from '../../../src/models/qwen2.5-vl/sequences.js';
import { goldenJson, goldenTensors, VLM_VARIANTS, type GoldenVlm, type GoldenVlmCase } from '../../helpers/golden.js';
import {
  goldenParameters,
  goldenEmbeddings,
  goldenPrompts,
  goldenRows,
  largestDifference,
} from '../../helpers/golden-model.js';

type Case = GoldenVlmCase & { readonly imageEmbedsNoise?: number };

// Tolerances are ten times what two attention implementations of torch differ by (stored beside the values).
describe.each(VLM_VARIANTS)('forward pass of %s', (variant) => {
  const cases = goldenJson<GoldenVlm>('vlm', variant, 'expected.json').cases as Case[];
  const none = createGradients(new Set());

  it.each(cases.map((entry) => [entry.name, entry] as const))('equals transformers on %s', async (name, entry) => {
    const { config, parameters } = await goldenParameters(variant);
    const model = buildModel(config, parameters);
    const expected = await goldenTensors('vlm', variant, 'expected.safetensors');
    const rows = goldenRows(entry);
    const { embeddings: images, grids } = await goldenEmbeddings(
      rows.flatMap((row) => row.images),
      model,
    );
    if (grids.length > 0) {
      const want = await expected.read(`${name}.image_embeds`);
      expect(largestDifference(images.dataSync(), want)).toBeLessThan(10 * entry.imageEmbedsNoise!);
    }
    const prompts = goldenPrompts(rows, grids, config);
    if (entry.positionIds) {
      const padding = entry.inputIds[0]!.length;
      prompts.forEach(({ inputIds, positionIds, ropeDelta }, row) => {
        const expectedPositions = entry.positionIds!.flatMap((axis) => axis[row]!.slice(padding - inputIds.length));
        expect([...positionIds]).toEqual(expectedPositions);
        expect(ropeDelta).toBe(entry.ropeDeltas![row]);
      });
    }

    const sequences = prompts.map((prompt) => ({ prompt, completion: entry.completionIds }));
    const pass = runSequences(packSequences(sequences, config), images, model, none, {
      want: 'logprobs and entropies',
    });
    expect(largestDifference(pass.logprobs.dataSync(), entry.logprobs.flat())).toBeLessThan(10 * entry.logprobsNoise);
    expect(largestDifference(pass.entropies!.dataSync(), entry.entropy.flat())).toBeLessThan(10 * entry.logitsNoise);

    // Stored: the logits of the first completion tokens, or of all.
    const batch = packSequences(sequences, config);
    const uploaded = uploadBatch(batch, config);
    const output = runStack(embed(uploaded, images, model), decoderStack(model, uploaded, none), 'nothing').y;
    const perRow = entry.completionIds.length;
    const logits = await expected.read(`${name}.completion_logits`);
    const stored = logits.length / sequences.length / config.text.vocabSize;
    const predicting = batch.predictingRows.filter((_, token) => token % perRow < stored);
    const hidden = rmsNorm(tf.gather(output, tf.tensor1d(predicting, 'int32')), model.finalNorm);
    const ours = tf.matMul(hidden, model.head, false, true).dataSync();
    expect(largestDifference(ours, logits)).toBeLessThan(10 * entry.logitsNoise);
  });
});
