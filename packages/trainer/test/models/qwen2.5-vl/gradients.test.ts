import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createGradients, type Gradients, type Parameters } from '../../../src/models/gradients.js';
import type { Keep } from '../../../src/models/layer-stack.js';
import { packSequences, type PackedBatch } from '../../../src/models/qwen2.5-vl/batch.js';
import type { Qwen25VlConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { buildModel } from '../../../src/models/qwen2.5-vl/model.js';
import type { Grid } from '../../../src/models/qwen2.5-vl/rope.js';
import { runSequences } from '../../../src/models/qwen2.5-vl/sequences.js';
import { runVision } from '../../../src/models/qwen2.5-vl/vision.js';
import { goldenJson, type GoldenVlm } from '../../helpers/golden.js';
import {
  goldenParameters,
  goldenPixels,
  goldenPrompts,
  goldenRows,
  largestDifference,
} from '../../helpers/golden-model.js';

/** Prompts of different lengths (one without an image, one with two), ragged windows, groups of different sizes. */
describe.each(['tied_fp32', 'untied_bf16_sharded_old'])('gradients of %s', (variant) => {
  let config: Qwen25VlConfig;
  let parameters: Parameters;
  let batch: PackedBatch;
  let pixels: tf.Tensor2D;
  let grids: Grid[];
  let weights: Float32Array; // the loss is Σ weight · logprob
  const temperature = 0.8;

  beforeAll(async () => {
    ({ config, parameters } = await goldenParameters(variant));
    const cases = goldenJson<GoldenVlm>('vlm', variant, 'expected.json').cases;
    const rows = ['batch', 'multiwin'].flatMap((name) => goldenRows(cases.find((entry) => entry.name === name)!));
    const images = await goldenPixels(rows.flatMap((row) => row.images));
    grids = images.grids;
    pixels = tf.tensor2d(images.pixels, [images.pixels.length / 1176, 1176]);
    const prompts = goldenPrompts(rows, grids, config);
    const completion = (length: number, start: number): number[] =>
      Array.from({ length }, (_, i) => (start + 7 * i) % 290);
    const sequences = [
      { prompt: prompts[0]!, completion: completion(5, 3) },
      { prompt: prompts[1]!, completion: completion(1, 8) },
      { prompt: prompts[2]!, completion: completion(4, 20) },
      { prompt: prompts[0]!, completion: completion(2, 11) },
      { prompt: prompts[3]!, completion: completion(6, 50) },
    ];
    batch = packSequences(sequences, config);
    weights = Float32Array.from({ length: batch.targets.length }, (_, i) => Math.sin(1.7 * i + 0.3));
  });

  const entropyWeights = (): Float32Array => weights.map((_, i) => Math.cos(2.3 * i + 1));

  const loss = (values: Parameters, want: 'logprobs' | 'logprobs and entropies' = 'logprobs'): number => {
    const model = buildModel(config, values);
    const none = createGradients(new Set());
    const { embeddings } = runVision(pixels, grids, model.vision, 'nothing', none);
    const { logprobs, entropies } = runSequences(batch, embeddings, model, none, { temperature, want });
    const weighted = (factors: Float32Array, tensor: tf.Tensor1D): number => {
      const all = tensor.dataSync();
      return factors.reduce((sum, factor, i) => sum + factor * all[i]!, 0);
    };
    return weighted(weights, logprobs) + (entropies ? weighted(entropyWeights(), entropies) : 0);
  };

  const backward = (
    keep: Keep,
    trained: Iterable<string> = parameters.keys(),
    dEntropies?: Float32Array,
  ): Gradients => {
    const gradients = createGradients(new Set(trained));
    const model = buildModel(config, parameters);
    const vision = runVision(pixels, grids, model.vision, keep, gradients);
    const pass = runSequences(batch, vision.embeddings, model, gradients, { temperature, keep });
    vision.embeddings.dispose();
    pass.logprobs.dispose();
    vision.backward(pass.backward(weights, dEntropies));
    return gradients;
  };

  it.each(['logprobs', 'logprobs and entropies'] as const)(
    'of %s are those of central differences, for every parameter',
    (want) => {
      const { sums } = backward('inputs', parameters.keys(), want === 'logprobs' ? undefined : entropyWeights());
      expect([...sums.keys()].sort()).toEqual([...parameters.keys()].sort());
      for (const [name, gradient] of sums) {
        // A step of length `size` along the gradient changes the loss by size · |gradient|.
        const norm = Math.hypot(...gradient.dataSync());
        const size = Math.min(1e-2, 0.05 / norm);
        const moved = (sign: number): number =>
          loss(
            new Map([...parameters, [name, tf.add(parameters.get(name)!, tf.mul(gradient, (sign * size) / norm))]]),
            want,
          );
        const slope = (moved(1) - moved(-1)) / (2 * size);
        // Float32 log-probs of some 1e-6 noise over a change of about 0.1, and the third derivative: 1 %.
        expect(slope / norm).toBeGreaterThan(0.99);
        expect(slope / norm).toBeLessThan(1.01);
      }
    },
  );

  it('do not depend on what was kept, to the bit', () => {
    const [again, kept] = [backward('inputs'), backward('everything')];
    for (const [name, gradient] of again.sums) {
      expect(largestDifference(gradient.dataSync(), kept.sums.get(name)!.dataSync())).toBe(0);
    }
  });

  it('of some parameters are the same without the others', () => {
    const some = [...parameters.keys()].filter((name) => name.endsWith('q_proj.bias') || name.includes('merger'));
    const [all, few] = [backward('everything'), backward('everything', some)];
    expect([...few.sums.keys()].sort()).toEqual(some.sort());
    for (const [name, gradient] of few.sums) {
      expect(largestDifference(gradient.dataSync(), all.sums.get(name)!.dataSync())).toBe(0);
    }
  });

  it.each(['inputs', 'everything'] as const)('leave no tensor behind, keeping %s', (keep) => {
    const before = tf.memory().numTensors;
    const gradients = backward(keep);
    expect(tf.memory().numTensors).toBe(before + gradients.sums.size);
    gradients.clear();
    expect(tf.memory().numTensors).toBe(before);
  });
});
