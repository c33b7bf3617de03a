import * as tf from '@tensorflow/tfjs';
import { loraScaling } from './lora.js';
import { readPeft } from './peft.js';
import { openCheckpoint, saveCheckpoint, type SaveOptions } from './qwen2.5-vl/weights.js';
import { free } from './tidy.js';

/**
 * Writes a checkpoint folder of which an adapter is part: W + scaling · B A in the layers that have one, the other tensors as
 * they are. One tensor at a time is in memory, beside the adapter.
 *
 * @param base - folder of the checkpoint the adapter was trained on
 * @param adapter - PEFT folder
 * @param folder - to write; companion files are those of `base` unless told otherwise
 * @throws Error naming file and tensor, when the two do not fit
 */
export async function mergeAdapter(
  base: string,
  adapter: string,
  folder: string,
  options: SaveOptions = {},
): Promise<void> {
  const checkpoint = await openCheckpoint(base);
  const shapes = new Map(checkpoint.tensors.map((spec) => [spec.name, spec]));
  const { adapter: pairs, shape } = await readPeft(adapter, shapes);
  try {
    const read = async (name: string): Promise<Float32Array> => {
      const values = await checkpoint.read(name);
      const module = name.replace(/\.weight$/, '');
      const a = pairs.get(`${module}.lora_A.weight`) as tf.Tensor2D | undefined;
      const b = pairs.get(`${module}.lora_B.weight`) as tf.Tensor2D | undefined;
      if (a === undefined || b === undefined) return values;
      const update = tf.tidy(() => tf.mul(tf.matMul(b, a), loraScaling(shape)));
      const added = await update.data<'float32'>();
      update.dispose();
      return values.map((value, i) => value + added[i]!);
    };
    await saveCheckpoint(folder, checkpoint.config, read, { companionsFrom: base, ...options });
  } finally {
    free([...pairs.values()]);
  }
}
