import { beforeAll, describe, expect, it } from '@jest/globals';
import { chooseBackend } from '../../../src/backends/choose-backend.js';
import { readConfig, type Qwen25VlConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { initParameters, uploadParameters } from '../../../src/models/qwen2.5-vl/parameters.js';
import { expectedTensors } from '../../../src/models/qwen2.5-vl/tensors.js';
import { goldenPath } from '../../helpers/golden.js';

let config: Qwen25VlConfig;
beforeAll(async () => {
  await chooseBackend();
  config = await readConfig(goldenPath('vlm', 'tied_fp32'));
});

describe('initParameters', () => {
  it('makes every tensor: matrices normal, norms one, biases zero', () => {
    const parameters = initParameters(config, 'seed', 0.5);
    expect([...parameters.keys()]).toEqual(expectedTensors(config).map(({ name }) => name));
    const embedding = parameters.get('model.language_model.embed_tokens.weight')!; // 321 x 64 values
    const mean = embedding.reduce((sum, value) => sum + value, 0) / embedding.length;
    const deviation = Math.sqrt(embedding.reduce((sum, value) => sum + (value - mean) ** 2, 0) / embedding.length);
    // Four standard errors of 20 544 draws.
    expect(Math.abs(mean)).toBeLessThan((4 * 0.5) / Math.sqrt(20_544));
    expect(Math.abs(deviation / 0.5 - 1)).toBeLessThan(4 / Math.sqrt(2 * 20_544));
    expect(new Set(parameters.get('model.language_model.norm.weight'))).toEqual(new Set([1]));
    expect(new Set(parameters.get('model.visual.blocks.0.attn.qkv.bias'))).toEqual(new Set([0]));
  });

  it('follows its seed', () => {
    const name = 'model.visual.patch_embed.proj.weight';
    expect(initParameters(config, 'a').get(name)).toEqual(initParameters(config, 'a').get(name));
    expect(initParameters(config, 'a').get(name)).not.toEqual(initParameters(config, 'b').get(name));
  });
});

describe('uploadParameters', () => {
  it('lays the patch convolution out as a matrix', async () => {
    const parameters = await uploadParameters(config, initParameters(config, 'seed'));
    expect(parameters.get('model.visual.patch_embed.proj.weight')!.shape).toEqual([32, 1176]);
  });

  it('names a tensor that is missing or too short', async () => {
    const values = initParameters(config, 'seed');
    values.set('model.language_model.norm.weight', new Float32Array(3));
    await expect(uploadParameters(config, values)).rejects.toThrow(
      '"model.language_model.norm.weight": expected shape [64], got 3 values',
    );
    values.delete('model.language_model.norm.weight');
    await expect(uploadParameters(config, values)).rejects.toThrow('missing tensor "model.language_model.norm.weight"');
  });
});
