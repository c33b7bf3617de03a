import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeJson } from '../files.js';
import { finiteBfloat16, finiteTensor } from '../finite.js';
import { openModelFolder, type TensorInfo, type TensorSpec } from '../safetensors.js';
import { writeSafetensors } from '../safetensors-writer.js';
import { readConfig, type Qwen25VlConfig } from './config.js';
import { writeConfig } from './config-writer.js';
import { expectedTensors, legacyName, normaliseName } from './tensors.js';

/** A checkpoint whose tensors have all been checked against its config. */
export interface Checkpoint {
  readonly folder: string;
  readonly config: Qwen25VlConfig;
  /** What `read` takes, in the order of the model: see {@link expectedTensors}. */
  readonly tensors: readonly TensorSpec[];
  /**
   * One tensor as float32, row-major.
   *
   * @param name - in the scheme of {@link normaliseName}, whatever the files say
   * @throws Error naming file and tensor, when it is none of this model's, the file ends early, or a value is not finite.
   */
  readonly read: (name: string) => Promise<Float32Array>;
  /** Rows of one tensor as the bits of bfloat16; what is stored otherwise is rounded. @throws Error as `read`. */
  readonly readBfloat16: (name: string, first: number, count: number) => Promise<Uint16Array>;
}

/**
 * Opens a checkpoint folder: one `model.safetensors` or shards with an index, old names or new, flat config or nested.
 * Only headers are read; each `read` brings one tensor into memory. Tensors the model has no use for (a tied head,
 * buffers of old versions) are passed over.
 *
 * @throws Error naming file and tensor, when one is missing or has another shape than the config asks for.
 */
export async function openCheckpoint(folder: string): Promise<Checkpoint> {
  const config = await readConfig(folder);
  const file = await openModelFolder(folder);
  const stored = new Map<string, TensorInfo>();
  for (const info of file.tensors.values()) stored.set(normaliseName(info.name), info);
  const tensors = expectedTensors(config);
  for (const { name, shape } of tensors) {
    const info = stored.get(name);
    if (info === undefined)
      throw new Error(`${file.path}: missing tensor "${name}", expected shape [${shape.join(', ')}]`);
    if (info.shape.join() !== shape.join())
      throw new Error(
        `${info.path}: tensor "${info.name}": expected shape [${shape.join(', ')}] by config.json, got [${info.shape.join(', ')}]`,
      );
  }
  const wanted = new Set(tensors.map((tensor) => tensor.name));
  const find = (name: string): TensorInfo => {
    const info = wanted.has(name) ? stored.get(name) : undefined;
    if (info === undefined) throw new Error(`${file.path}: "${name}" is not a tensor of this model`);
    return info;
  };
  return {
    folder,
    config,
    tensors,
    read: async (name) => {
      const info = find(name);
      return finiteTensor(await file.read(info.name), info.path, info.name);
    },
    readBfloat16: async (name, first, count) => {
      const info = find(name);
      return finiteBfloat16(await file.readBfloat16(info.name, first, count), info.path, info.name);
    },
  };
}

/** What lies beside the weights of a checkpoint and goes along with a copy of it. */
const COMPANIONS = [
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'generation_config.json',
  'merges.txt',
  'preprocessor_config.json',
  'processor_config.json',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'video_preprocessor_config.json',
  'vocab.json',
];

/** Copies the tokenizer, template, processor and generation files that `from` has into `to`. */
export async function copyCompanionFiles(from: string, to: string): Promise<void> {
  if (resolve(from) === resolve(to)) return;
  await mkdir(to, { recursive: true });
  const present = new Set(await readdir(from));
  for (const name of COMPANIONS) if (present.has(name)) await copyFile(join(from, name), join(to, name));
}

/** How {@link saveCheckpoint} stores, and what goes along. */
export interface SaveOptions {
  /** Stored element type. @defaultValue 'F32' */
  readonly dtype?: 'F32' | 'BF16';
  /** Checkpoint folder whose tokenizer, template, processor and generation files go along. @defaultValue none */
  readonly companionsFrom?: string;
  /** A file grows no larger than this, unless by a single tensor. @defaultValue 5e9 */
  readonly maxShardBytes?: number;
}

/** Cuts the list into runs of at most `limit` bytes. */
function intoShards(tensors: readonly TensorSpec[], bytesPerValue: number, limit: number): TensorSpec[][] {
  const shards: TensorSpec[][] = [];
  let filled = Infinity;
  for (const tensor of tensors) {
    const bytes = tensor.shape.reduce((product, size) => product * size, bytesPerValue);
    if (filled + bytes > limit) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(tensor);
    filled += bytes;
  }
  return shards;
}

const WEIGHT_FILE = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/;

/**
 * Writes a checkpoint folder as transformers 5 does: nested `config.json`, weights under the published names (every
 * version loads those) in `model.safetensors` or in shards with an index, and the companion files of another checkpoint. Each file is replaced atomically; weight
 * files of an earlier save that no longer belong are removed last.
 *
 * @param read - gives a tensor's values, row-major, when its turn comes; called once for each of {@link expectedTensors}
 * @throws Error naming file and tensor, when `read` gives another number of values than the shape holds.
 */
export async function saveCheckpoint(
  folder: string,
  config: Qwen25VlConfig,
  read: (name: string) => Float32Array | Promise<Float32Array>,
  options: SaveOptions = {},
): Promise<void> {
  const dtype = options.dtype ?? 'F32';
  const bytesPerValue = dtype === 'F32' ? 4 : 2;
  await mkdir(folder, { recursive: true });
  if (options.companionsFrom !== undefined) await copyCompanionFiles(options.companionsFrom, folder);
  const shards = intoShards(expectedTensors(config), bytesPerValue, options.maxShardBytes ?? 5e9);
  const digits = (n: number) => String(n).padStart(5, '0');
  const weightMap: Record<string, string> = {};
  for (const [index, shard] of shards.entries()) {
    const file =
      shards.length === 1 ? 'model.safetensors' : `model-${digits(index + 1)}-of-${digits(shards.length)}.safetensors`;
    const sources = shard.map((spec) => ({
      name: legacyName(spec.name),
      shape: spec.shape,
      data: () => read(spec.name),
    }));
    await writeSafetensors(join(folder, file), sources, { dtype });
    for (const { name } of shard) weightMap[legacyName(name)] = file;
  }
  const written = new Set(Object.values(weightMap));
  if (shards.length > 1) {
    const values = expectedTensors(config).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const index = { metadata: { total_size: values * bytesPerValue }, weight_map: weightMap };
    await writeJson(join(folder, 'model.safetensors.index.json'), index);
    written.add('model.safetensors.index.json');
  }
  await writeConfig(folder, config, dtype === 'F32' ? 'float32' : 'bfloat16');
  const stale = (await readdir(folder)).filter((name) => WEIGHT_FILE.test(name) && !written.has(name));
  for (const name of stale) await rm(join(folder, name));
}
