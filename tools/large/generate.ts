import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import seedrandom from 'seedrandom';
import { tinyConfig, writeCompanions } from '../../examples/tiny/model.js';
import type { Prompt } from '../../packages/trainer/src/data/prompt.js';
import { encodeBfloat16 } from '../../packages/trainer/src/models/dtypes.js';
import type { TensorSpec } from '../../packages/trainer/src/models/safetensors.js';
import type { Qwen25VlConfig } from '../../packages/trainer/src/models/qwen2.5-vl/config.js';
import { writeConfig } from '../../packages/trainer/src/models/qwen2.5-vl/config-writer.js';
import { expectedTensors, legacyName } from '../../packages/trainer/src/models/qwen2.5-vl/tensors.js';
import { gaussian } from '../../packages/trainer/src/random.js';

/** Sizes of a generated model; all others are those of Qwen2.5-VL-3B. */
export interface Sizes {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly layers: number;
  readonly visionLayers: number;
}

/** 240 million parameters, 0.48 GB: small enough to be trained on two cores. */
export const MIDDLE: Sizes = {
  ...{ vocabulary: 32_000, hidden: 1024, intermediate: 2816, heads: 8, keyHeads: 2, layers: 12, visionLayers: 2 },
};

/** A question about a picture of 112x112, another one for each index. */
export function promptOf(index: number): Prompt {
  const side = 112;
  const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => (i * 31 + index * 17) % 256);
  const image = { name: `picture ${index}`, width: side, height: side, data };
  const content = [
    { type: 'image', image },
    { type: 'text', text: 'Rate the quality of this picture from 1 to 5, and say what you see in it.' },
  ] as const;
  return { id: `${index}`, messages: [{ role: 'user', content }], label: { task: 'score', score: 3 } };
}

/** A config in the layout of Qwen2.5-VL-3B, with the tokenizer of examples/tiny. */
export async function configOf(sizes: Sizes): Promise<Qwen25VlConfig> {
  const tiny = await tinyConfig();
  const headDim = sizes.hidden / sizes.heads;
  const text = {
    ...tiny.text,
    hiddenSize: sizes.hidden,
    intermediateSize: sizes.intermediate,
    numHiddenLayers: sizes.layers,
    numAttentionHeads: sizes.heads,
    numKeyValueHeads: sizes.keyHeads,
    headDim,
    vocabSize: sizes.vocabulary,
    mropeSection: [headDim / 8, (3 * headDim) / 16, (3 * headDim) / 16] as const,
    maxPositionEmbeddings: 128_000,
  };
  const vision = {
    ...tiny.vision,
    ...{ depth: sizes.visionLayers, hiddenSize: 1280, intermediateSize: 3420, numHeads: 16, windowSize: 112 },
    ...{ fullattBlockIndexes: [sizes.visionLayers - 1], outHiddenSize: sizes.hidden },
  };
  return { ...tiny, text, vision };
}

const CHUNK_VALUES = 1 << 22;
const SHARD_BYTES = 1.5e9;

/** Writes a checkpoint of random weights in bfloat16, in shards, with 8 MiB in memory. @returns bytes of the weights */
export async function generateCheckpoint(folder: string, config: Qwen25VlConfig): Promise<number> {
  await writeCompanions(folder, config);
  await writeConfig(folder, config, 'bfloat16');
  const shards = intoShards(expectedTensors(config));
  const normal = gaussian(seedrandom('large'));
  const noise = encodeBfloat16(Float32Array.from({ length: CHUNK_VALUES }, () => 0.02 * normal()));
  const weightMap: Record<string, string> = {};
  let total = 0;
  for (const [index, shard] of shards.entries()) {
    const digits = (n: number) => String(n).padStart(5, '0');
    const name = `model-${digits(index + 1)}-of-${digits(shards.length)}.safetensors`;
    for (const tensor of shard) weightMap[legacyName(tensor.name)] = name;
    total += await writeShard(path.join(folder, name), shard, noise);
  }
  const indexFile = { metadata: { total_size: total }, weight_map: weightMap };
  await writeFile(path.join(folder, 'model.safetensors.index.json'), JSON.stringify(indexFile));
  return total;
}

const sizeOf = ({ shape }: TensorSpec): number => shape.reduce((a, b) => a * b, 1);

function intoShards(tensors: readonly TensorSpec[]): TensorSpec[][] {
  const shards: TensorSpec[][] = [];
  let filled = Infinity;
  for (const tensor of tensors) {
    if (filled + 2 * sizeOf(tensor) > SHARD_BYTES) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(tensor);
    filled += 2 * sizeOf(tensor);
  }
  return shards;
}

async function writeShard(file: string, tensors: readonly TensorSpec[], noise: Uint16Array): Promise<number> {
  let position = 0;
  const entries = tensors.map((tensor) => {
    const begin = position;
    position += 2 * sizeOf(tensor);
    return [legacyName(tensor.name), { dtype: 'BF16', shape: tensor.shape, data_offsets: [begin, position] }] as const;
  });
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const out = await open(file, 'w');
  try {
    await out.writeFile(Buffer.concat([length, header]));
    for (const tensor of tensors) {
      for (let left = sizeOf(tensor); left > 0; left -= CHUNK_VALUES) {
        const values = valuesOf(tensor, Math.min(left, CHUNK_VALUES), noise);
        await out.writeFile(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      }
    }
  } finally {
    await out.close();
  }
  return position;
}

/** Norms are 1, biases 0, matrices noise. */
function valuesOf({ name, shape }: TensorSpec, count: number, noise: Uint16Array): Uint16Array {
  if (shape.length > 1) return noise.subarray(0, count);
  return new Uint16Array(count).fill(name.endsWith('.weight') ? 0x3f80 : 0);
}
