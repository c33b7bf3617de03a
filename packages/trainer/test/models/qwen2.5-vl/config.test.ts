import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseConfig, readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { configToJson, writeConfig } from '../../../src/models/qwen2.5-vl/config-writer.js';
import { goldenJson, goldenPath, VLM_VARIANTS } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';

type Json = Record<string, unknown>;

const root = temporaryFolder();
let folders = 0;
function fresh(): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  return folder;
}

const flat = () => goldenJson<Json>('vlm', 'tied_bf16_old', 'config.json');
const nested = () => goldenJson<Json>('vlm', 'tied_fp32', 'config.json');
const part = (value: unknown) => value as Json;

describe('readConfig', () => {
  test.each(VLM_VARIANTS)('%s', async (variant) => {
    const config = await readConfig(goldenPath('vlm', variant));
    expect(config.text).toMatchObject({
      hiddenSize: 64,
      intermediateSize: 112,
      numHiddenLayers: 2,
      numAttentionHeads: 4,
      numKeyValueHeads: 2,
      headDim: 16,
      rmsNormEps: 1e-6,
      ropeTheta: 1e6,
      mropeSection: [2, 3, 3],
      maxPositionEmbeddings: 2048,
    });
    expect(config.vision).toEqual({
      depth: 3,
      hiddenSize: 32,
      intermediateSize: 48,
      numHeads: 2,
      inChannels: 3,
      patchSize: 14,
      temporalPatchSize: 2,
      spatialMergeSize: 2,
      windowSize: variant.includes('bf16') ? 56 : 112,
      fullattBlockIndexes: [1],
      outHiddenSize: 64,
      tokensPerSecond: 2,
      ropeTheta: 10000,
    });
    expect(config.tieWordEmbeddings).toBe(variant.startsWith('tied'));
    const base = { tied_fp32: 300, tied_bf16_old: 320, untied_fp32_sharded: 310, untied_bf16_sharded_old: undefined }[
      variant
    ];
    if (base === undefined) return;
    expect(config).toMatchObject({
      eosTokenId: base,
      bosTokenId: base + 1,
      padTokenId: base + 1,
      visionStartTokenId: base + 9,
      visionEndTokenId: base + 10,
      imageTokenId: base + 12,
      videoTokenId: base + 13,
    });
  });

  test('names a file that is missing or not JSON', async () => {
    const folder = fresh();
    const file = join(folder, 'config.json');
    await expect(readConfig(folder)).rejects.toThrow(`${file}: no such file`);
    writeFileSync(file, '{');
    await expect(readConfig(folder)).rejects.toThrow(`${file}: not valid JSON`);
  });
});

describe('parseConfig', () => {
  test('the nested layout of transformers 4.52 keeps rope_theta beside rope_scaling', () => {
    const json = nested();
    const text = part(json['text_config']);
    delete text['rope_parameters'];
    text['rope_theta'] = 5e5;
    text['rope_scaling'] = { rope_type: 'default', type: 'default', mrope_section: [2, 3, 3] };
    expect(parseConfig(json, 'config.json').text.ropeTheta).toBe(5e5);
  });

  test('sliding_window is inactive without use_sliding_window, as in the published files', () => {
    expect(parseConfig({ ...flat(), sliding_window: 32768 }, 'config.json').text.hiddenSize).toBe(64);
  });

  const inText = (change: Json) => {
    const json = nested();
    json['text_config'] = { ...part(json['text_config']), ...change };
    return json;
  };
  const inVision = (change: Json) => {
    const json = nested();
    json['vision_config'] = { ...part(json['vision_config']), ...change };
    return json;
  };

  test.each([
    ['not an object', () => 3, 'config.json: '],
    ['another model', () => ({ ...nested(), model_type: 'qwen2_vl' }), 'field "model_type"'],
    ['a flat field missing', () => ({ ...flat(), hidden_size: undefined }), 'config.json: field "hidden_size"'],
    [
      'a nested field missing',
      () => inText({ hidden_size: undefined }),
      'config.json: field "text_config.hidden_size"',
    ],
    [
      'a wrong type',
      () => inText({ vocab_size: '321' }),
      'field "text_config.vocab_size": Invalid input: expected number',
    ],
    ['a fraction', () => inText({ num_hidden_layers: 2.5 }), 'field "text_config.num_hidden_layers"'],
    ['no vision part', () => ({ ...nested(), vision_config: undefined }), 'field "vision_config"'],
    ['an image token that is no id', () => ({ ...nested(), image_token_id: -1 }), 'field "image_token_id"'],
    ['sliding attention', () => inText({ use_sliding_window: true }), 'field "text_config.use_sliding_window"'],
    ['sliding layers', () => inText({ layer_types: ['sliding_attention'] }), 'field "text_config.layer_types.0"'],
    ['another activation', () => inVision({ hidden_act: 'gelu' }), 'field "vision_config.hidden_act"'],
    [
      'rope that scales frequencies',
      () => inText({ rope_parameters: { rope_type: 'yarn', rope_theta: 1, mrope_section: [2, 3, 3] } }),
      'field "text_config.rope_parameters": unsupported rope type "yarn"',
    ],
    [
      'sections that do not fill a head',
      () => inText({ rope_parameters: { rope_theta: 1, mrope_section: [16, 24, 24] } }),
      'field "text_config.rope_parameters.mrope_section": must sum to half the head size, 8, got 64',
    ],
    ['no sections', () => ({ ...flat(), rope_scaling: null }), 'field "rope_scaling.mrope_section": missing'],
    ['no theta', () => ({ ...flat(), rope_theta: undefined }), 'field "rope_theta": missing'],
    ['heads that do not divide', () => inText({ num_key_value_heads: 3 }), '3 does not divide 4 heads'],
    [
      'towers that do not meet',
      () => inVision({ out_hidden_size: 65 }),
      "must equal the language model's hidden_size 64, got 65",
    ],
    ['a block past the end', () => inVision({ fullatt_block_indexes: [3] }), 'block 3 of a tower of 3'],
  ])('refuses %s', (_, make, message) => {
    expect(() => parseConfig(make(), 'config.json')).toThrow(message);
  });
});

describe('writeConfig', () => {
  test.each(VLM_VARIANTS)('%s comes back equal', async (variant) => {
    const folder = fresh();
    const config = await readConfig(goldenPath('vlm', variant));
    await writeConfig(folder, config);
    expect(await readConfig(folder)).toEqual(config);
  });

  test('holds every field that current transformers saves and a model depends on', async () => {
    // The golden file was saved by transformers 5.23: same names, same values.
    const config = await readConfig(goldenPath('vlm', 'tied_fp32'));
    const ours = configToJson(config, 'float32');
    const theirs = nested();
    const unneeded = [
      'initializer_range',
      'layer_types',
      'max_window_layers',
      'model_type',
      'use_cache',
      'rope_parameters',
    ];
    for (const section of ['text_config', 'vision_config']) {
      const expected = Object.fromEntries(
        Object.entries(part(theirs[section])).filter(([key]) => !unneeded.includes(key)),
      );
      expect(ours[section]).toMatchObject(expected);
    }
    expect(part(ours['text_config'])['rope_parameters']).toEqual(part(theirs['text_config'])['rope_parameters']);
  });
});
