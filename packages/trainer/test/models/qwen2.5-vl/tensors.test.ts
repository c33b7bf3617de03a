import { expect, test } from '@jest/globals';
import { readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { expectedTensors, legacyName, normaliseName } from '../../../src/models/qwen2.5-vl/tensors.js';
import { openModelFolder } from '../../../src/models/safetensors.js';
import { goldenPath, VLM_VARIANTS } from '../../helpers/golden.js';

test.each([
  ['visual.patch_embed.proj.weight', 'model.visual.patch_embed.proj.weight'],
  ['model.layers.0.mlp.up_proj.weight', 'model.language_model.layers.0.mlp.up_proj.weight'],
  ['model.norm.weight', 'model.language_model.norm.weight'],
  ['lm_head.weight', 'lm_head.weight'],
])('normaliseName(%s)', (old, name) => {
  expect(normaliseName(old)).toBe(name);
  expect(normaliseName(name)).toBe(name);
  expect(legacyName(name)).toBe(old);
});

test.each(VLM_VARIANTS)(
  '%s: expectedTensors are the tensors that transformers saved, in name and shape',
  async (variant) => {
    const folder = goldenPath('vlm', variant);
    const file = await openModelFolder(folder);
    const stored = [...file.tensors.values()].map(({ name, shape }) => `${normaliseName(name)} ${shape.join('x')}`);
    const expected = expectedTensors(await readConfig(folder)).map(({ name, shape }) => `${name} ${shape.join('x')}`);
    expect(expected.sort()).toEqual(stored.sort());
  },
);
