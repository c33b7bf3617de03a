import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openModelFolder, openSafetensors } from '../../../src/models/safetensors.js';
import { writeSafetensors } from '../../../src/models/safetensors-writer.js';
import { normaliseName } from '../../../src/models/qwen2.5-vl/tensors.js';
import { copyCompanionFiles, openCheckpoint, saveCheckpoint } from '../../../src/models/qwen2.5-vl/weights.js';
import { goldenJson, goldenPath, VLM_VARIANTS } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const root = temporaryFolder();
let folders = 0;
let folder = '';
beforeEach(() => {
  folder = join(root, String(folders++));
});

/** The golden checkpoint with one change to its tensors, as {name: shape}; undefined removes. */
async function damaged(changes: Record<string, number[] | undefined>): Promise<string> {
  cpSync(goldenPath('vlm', 'tied_fp32'), folder, { recursive: true });
  const file = await openSafetensors(goldenPath('vlm', 'tied_fp32', 'model.safetensors'));
  const tensors = [...file.tensors.values()]
    .filter(({ name }) => !(name in changes) || changes[name] !== undefined)
    .map(({ name, shape }) => ({ name, shape: changes[name] ?? shape, data: () => file.read(name) }));
  await writeSafetensors(join(folder, 'model.safetensors'), tensors);
  return folder;
}

describe('openCheckpoint', () => {
  test.each(VLM_VARIANTS)('%s: every tensor is there, under the new names, with finite values', async (variant) => {
    const checkpoint = await openCheckpoint(goldenPath('vlm', variant));
    const { header } = goldenJson<{ header: { params: number } }>('vlm', variant, 'expected.json');
    let values = 0;
    for (const { name, shape } of checkpoint.tensors) {
      expect(name).toMatch(/^model\.(language_model|visual)\.|^lm_head\.weight$/);
      const data = await checkpoint.read(name);
      expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      expect(data.every(Number.isFinite)).toBe(true);
      values += data.length;
    }
    expect(values).toBe(header.params); // counted by torch: none is missing from our list, none too many
    expect(checkpoint.tensors.some(({ name }) => name === 'lm_head.weight')).toBe(!checkpoint.config.tieWordEmbeddings);
  });

  test('a missing tensor stops with file, tensor and shape', async () => {
    await damaged({ 'visual.blocks.1.attn.qkv.bias': undefined });
    await expect(openCheckpoint(folder)).rejects.toThrow(
      `${join(folder, 'model.safetensors')}: missing tensor "model.visual.blocks.1.attn.qkv.bias", expected shape [96]`,
    );
  });

  test('a misshapen tensor stops with file, tensor and both shapes', async () => {
    await damaged({ 'model.layers.0.self_attn.k_proj.weight': [64, 32] });
    await expect(openCheckpoint(folder)).rejects.toThrow(
      `${join(folder, 'model.safetensors')}: tensor "model.layers.0.self_attn.k_proj.weight": ` +
        'expected shape [32, 64] by config.json, got [64, 32]',
    );
  });

  test('a value that is not finite stops with file and tensor', async () => {
    const source = await openCheckpoint(goldenPath('vlm', 'tied_fp32'));
    const name = 'model.language_model.norm.weight';
    const read = async (tensor: string) =>
      tensor === name ? (await source.read(tensor)).fill(NaN, 3, 4) : source.read(tensor);
    await saveCheckpoint(folder, source.config, read);
    await expect((await openCheckpoint(folder)).read(name)).rejects.toThrow(
      `${join(folder, 'model.safetensors')}: tensor "model.norm.weight": holds NaN, expected finite numbers`,
    );
  });

  test('an untied config asks for the head', async () => {
    cpSync(goldenPath('vlm', 'tied_fp32'), folder, { recursive: true });
    const file = join(folder, 'config.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll('"tie_word_embeddings": true', '"tie_word_embeddings": false'),
    );
    await expect(openCheckpoint(folder)).rejects.toThrow('missing tensor "lm_head.weight", expected shape [321, 64]');
  });

  test('a folder without weights, and one with a shard missing, name the file', async () => {
    cpSync(goldenPath('vlm', 'untied_fp32_sharded'), folder, {
      recursive: true,
      filter: (path) => !path.endsWith('model-00002-of-00003.safetensors'),
    });
    await expect(openCheckpoint(folder)).rejects.toThrow('model-00002-of-00003.safetensors: no such file');
    const bare = join(root, 'bare');
    cpSync(goldenPath('vlm', 'tied_fp32', 'config.json'), join(bare, 'config.json'), { recursive: true });
    await expect(openCheckpoint(bare)).rejects.toThrow(`${join(bare, 'model.safetensors')}: no such file`);
  });

  test('names as transformers 4.52 saved them are taken too', async () => {
    cpSync(goldenPath('vlm', 'tied_fp32'), folder, { recursive: true });
    const old = await openSafetensors(goldenPath('vlm', 'tied_fp32', 'model.safetensors'));
    const renamed = [...old.tensors.values()].map(({ name, shape }) => ({
      name: normaliseName(name),
      shape,
      data: () => old.read(name),
    }));
    await writeSafetensors(join(folder, 'model.safetensors'), renamed);
    const name = 'model.language_model.layers.1.mlp.up_proj.weight';
    expect(await (await openCheckpoint(folder)).read(name)).toEqual(
      await old.read('model.layers.1.mlp.up_proj.weight'),
    );
  });

  test('reading something else is refused', async () => {
    const checkpoint = await openCheckpoint(goldenPath('vlm', 'tied_fp32'));
    await expect(checkpoint.read('lm_head.weight')).rejects.toThrow('"lm_head.weight" is not a tensor of this model');
  });
});

describe('saveCheckpoint', () => {
  test.each(VLM_VARIANTS)('%s comes back bit for bit', async (variant) => {
    const source = await openCheckpoint(goldenPath('vlm', variant));
    // The bf16 files hold bfloat16 values, so that rounding to bfloat16 changes nothing.
    const dtype = variant.includes('bf16') ? 'BF16' : 'F32';
    await saveCheckpoint(folder, source.config, source.read, {
      dtype,
      maxShardBytes: 200_000,
      companionsFrom: source.folder,
    });
    const copy = await openCheckpoint(folder);
    expect(copy.config).toEqual(source.config);
    for (const { name } of source.tensors) expect(await copy.read(name)).toEqual(await source.read(name));
    const file = await openModelFolder(folder);
    expect(new Set([...file.tensors.values()].map((info) => info.dtype))).toEqual(new Set([dtype]));
    expect(existsSync(join(folder, 'tokenizer.json'))).toBe(true);
    expect(existsSync(join(folder, 'expected.json'))).toBe(false);
  });

  test('the names are those that transformers 5.23 saves', async () => {
    const source = await openCheckpoint(goldenPath('vlm', 'tied_fp32'));
    await saveCheckpoint(folder, source.config, source.read);
    const ours = await openModelFolder(folder);
    const theirs = await openModelFolder(source.folder);
    expect([...ours.tensors.keys()].sort()).toEqual([...theirs.tensors.keys()].sort());
    expect(ours.metadata).toEqual({ format: 'pt' });
  });

  test('shards have their names, sizes and index; a save in one file afterwards leaves no shard', async () => {
    const source = await openCheckpoint(goldenPath('vlm', 'tied_fp32'));
    await saveCheckpoint(folder, source.config, source.read, { maxShardBytes: 300_000 });
    const shards = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
    expect(shards).toEqual([1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`));
    const index = JSON.parse(readFileSync(join(folder, 'model.safetensors.index.json'), 'utf8')) as {
      metadata: { total_size: number };
      weight_map: Record<string, string>;
    };
    expect(index.metadata.total_size).toBe(178_208 * 4); // header.params of the golden file
    expect(Object.keys(index.weight_map).map(normaliseName).sort()).toEqual(
      source.tensors.map(({ name }) => name).sort(),
    );
    await saveCheckpoint(folder, source.config, source.read);
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors']);
  });

  test('values that do not fit the shape are refused, naming the tensor', async () => {
    const { config } = await openCheckpoint(goldenPath('vlm', 'tied_fp32'));
    await expect(saveCheckpoint(folder, config, () => new Float32Array(3))).rejects.toThrow(
      'tensor "visual.patch_embed.proj.weight": shape [32, 3, 2, 14, 14] needs 37632 values, got 3',
    );
  });
});

test('copyCompanionFiles copies tokenizer, template and processor files only', async () => {
  await copyCompanionFiles(goldenPath('vlm', 'tied_bf16_old'), folder);
  expect(readdirSync(folder).sort()).toEqual([
    'chat_template.json',
    'generation_config.json',
    'preprocessor_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
});
