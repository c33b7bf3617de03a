import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from '@jest/globals';
import { createGradients } from '../../src/models/gradients.js';
import { loraPairs } from '../../src/models/lora.js';
import { readPeft, writePeft } from '../../src/models/peft.js';
import { packSequences } from '../../src/models/qwen2.5-vl/batch.js';
import { buildModel } from '../../src/models/qwen2.5-vl/model.js';
import { runSequences } from '../../src/models/qwen2.5-vl/sequences.js';
import { openSafetensors } from '../../src/models/safetensors.js';
import { goldenJson, goldenPath, goldenTensors, type GoldenVlm } from '../helpers/golden.js';
import {
  goldenParameters,
  goldenEmbeddings,
  goldenPrompts,
  goldenRows,
  largestDifference,
} from '../helpers/golden-model.js';
import { temporaryFolder } from '../helpers/temporary.js';

interface GoldenLoss {
  readonly name: string;
  readonly gradLogps: number[][];
  readonly gradNorm: number;
  /** Prefix of the stored gradients, or null when only their norms are stored. */
  readonly tensors: string | null;
  readonly gradNorms?: Record<string, number>;
}

interface GoldenPeftCase {
  readonly case: string;
  readonly completionIds: number[][];
  readonly completionMask: number[][];
  readonly logps: number[][];
  readonly refLogps: number[][];
  readonly losses: GoldenLoss[];
}

interface GoldenPeft {
  /** `base` is the golden checkpoint that the adapter is for. */
  readonly header: { readonly base: string };
  readonly cases: GoldenPeftCase[];
}

const none = createGradients(new Set());
const PREFIX = 'base_model.model.';

async function setup(adapterName: string, variant: string, entry: GoldenPeftCase) {
  const { config, parameters } = await goldenParameters(variant);
  const { adapter, shape } = await readPeft(goldenPath('peft', adapterName), parameters);
  const model = buildModel(config, parameters, loraPairs(adapter, shape));
  const vlm = goldenJson<GoldenVlm>('vlm', variant, 'expected.json').cases.find(({ name }) => name === entry.case)!;
  const [row] = goldenRows(vlm);
  const { embeddings: images, grids } = await goldenEmbeddings(row!.images, model);
  const [prompt] = goldenPrompts([row!], grids, config);
  const sequences = entry.completionIds.map((ids, s) => ({
    prompt: prompt!,
    completion: ids.filter((_, t) => entry.completionMask[s]![t] === 1),
  }));
  const masked = (matrix: number[][]): number[] =>
    matrix.flatMap((values, s) => values.filter((_, t) => entry.completionMask[s]![t] === 1));
  return { config, parameters, adapter, shape, model, images, batch: packSequences(sequences, config), masked };
}

describe.each(['lora_r8_a16', 'rslora_r4_a6'])('adapter %s', (adapterName) => {
  const { header, cases } = goldenJson<GoldenPeft>('peft', adapterName, 'expected.json');
  const variant = basename(header.base);

  it.each(cases.map((entry) => [entry.case, entry] as const))('gives the log-probs of PEFT on %s', async (_, entry) => {
    const { config, parameters, model, images, batch, masked } = await setup(adapterName, variant, entry);
    const { logprobs } = runSequences(batch, images, model, none);
    const { logprobs: reference } = runSequences(batch, images, buildModel(config, parameters), none);
    // Merging the adapter in torch moves log-probs by up to 1.7e-5; ten times the noise of the base model is 1.2e-4.
    expect(largestDifference(logprobs.dataSync(), masked(entry.logps))).toBeLessThan(1e-4);
    expect(largestDifference(reference.dataSync(), masked(entry.refLogps))).toBeLessThan(1e-4);
  });

  const losses = cases.flatMap((entry) => entry.losses.map((loss) => [entry.case, loss.name, entry, loss] as const));
  it.each(losses)('gives the gradients of PEFT on %s with loss %s', async (_, __, entry, loss) => {
    const { adapter, model, images, batch, masked } = await setup(adapterName, variant, entry);
    for (const keep of ['inputs', 'everything'] as const) {
      const gradients = createGradients(new Set(adapter.keys()));
      const pass = runSequences(batch, images, model, gradients, { keep });
      pass.backward(Float32Array.from(masked(loss.gradLogps)));
      const stored = await goldenTensors('peft', adapterName, 'expected.safetensors');
      // Float32 sums over some 200 tokens in another order: 1e-5 of the largest entry, or of the norm.
      let square = 0;
      for (const [name, gradient] of gradients.sums) {
        const values = gradient.dataSync();
        const norm = Math.hypot(...values);
        square += norm ** 2;
        if (loss.tensors === null) {
          expect(Math.abs(norm / loss.gradNorms![PREFIX + name]! - 1)).toBeLessThan(1e-5);
          continue;
        }
        const expected = await stored.read(`${entry.case}.${loss.name}.grad.${PREFIX}${name}`);
        const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expect(largestDifference(values, expected) / largest).toBeLessThan(1e-5);
      }
      expect(gradients.sums.size).toBe(adapter.size);
      expect(Math.abs(Math.sqrt(square) / loss.gradNorm - 1)).toBeLessThan(1e-5);
    }
  });
});

describe('PEFT folders', () => {
  const folder = temporaryFolder();

  it.each(['current', 'legacy'] as const)('come back as they were written, with %s names', async (names) => {
    const { parameters } = await goldenParameters('tied_fp32');
    const { adapter, shape } = await readPeft(goldenPath('peft', 'rslora_r4_a6'), parameters);
    const out = join(folder, names);
    await writePeft(out, adapter, shape, { baseModel: 'base', names });
    const again = await readPeft(out, parameters);
    expect(again.shape).toEqual(shape);
    for (const [name, tensor] of adapter) {
      expect([...again.adapter.get(name)!.dataSync()]).toEqual([...tensor.dataSync()]);
    }
    const stored = await openSafetensors(join(out, 'adapter_model.safetensors'));
    const at = names === 'legacy' ? 'model.layers' : 'model.language_model.layers';
    expect([...stored.tensors.keys()][0]).toMatch(new RegExp(`^base_model\\.model\\.${at}\\.0\\.`));
    const written = JSON.parse(await readFile(join(out, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
    expect(written).toMatchObject({ peft_type: 'LORA', r: 4, lora_alpha: 6, use_rslora: true, bias: 'none' });
    const pattern = new RegExp(`^(?:${String(written['target_modules'])})$`);
    expect(pattern.test(`${at}.1.mlp.up_proj`)).toBe(true);
    expect(pattern.test('model.visual.blocks.0.mlp.up_proj')).toBe(false);
  });

  it('names a tensor with a value that is not finite', async () => {
    const { parameters } = await goldenParameters('tied_fp32');
    const { adapter, shape } = await readPeft(goldenPath('peft', 'rslora_r4_a6'), parameters);
    const bad = new Map([...adapter].map(([name, tensor], i) => [name, i === 3 ? tf.fill(tensor.shape, NaN) : tensor]));
    await writePeft(join(folder, 'nan'), bad, shape, { baseModel: 'base' });
    const name = [...adapter.keys()][3]!;
    await expect(readPeft(join(folder, 'nan'), parameters)).rejects.toThrow(`${name}": holds NaN, expected finite`);
  });

  it('names a tensor of the wrong shape', async () => {
    const { parameters } = await goldenParameters('tied_fp32');
    const { adapter, shape } = await readPeft(goldenPath('peft', 'rslora_r4_a6'), parameters);
    const wrong = new Map([...adapter].map(([name, tensor], i) => [name, i === 3 ? tf.zeros([4, 3]) : tensor]));
    await writePeft(join(folder, 'wrong'), wrong, shape, { baseModel: 'base' });
    const name = [...adapter.keys()][3]!.replaceAll('.', '\\.');
    await expect(readPeft(join(folder, 'wrong'), parameters)).rejects.toThrow(new RegExp(`${name}.*got \\[4, 3\\]`));
  });
});
