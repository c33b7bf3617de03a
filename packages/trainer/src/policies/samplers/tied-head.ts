import { join } from 'node:path';
import { readJsonIfPresent, writeJson } from '../../models/files.js';
import { EMBEDDING, HEAD } from '../../models/qwen2.5-vl/model.js';
import { openCheckpoint } from '../../models/qwen2.5-vl/weights.js';
import { writeSafetensors } from '../../models/safetensors-writer.js';

const FILE = 'lm_head.safetensors';

/**
 * Writes the output head of a checkpoint whose head is its embedding matrix, in a file of its own beside the weights; elsewhere does
 * nothing.
 *
 * vLLM 0.32 on the CPU multiplies by a packed copy of the head, and packs it again only when a tensor of the head's name is read:
 * without one, a reload leaves the old head beside the new embeddings.
 *
 * @param folder - as `saveCheckpoint` writes it
 */
export async function writeTiedHead(folder: string): Promise<void> {
  const { config, tensors, read } = await openCheckpoint(folder);
  if (!config.tieWordEmbeddings) return;
  const { shape } = tensors.find(({ name }) => name === EMBEDDING)!;
  await writeSafetensors(join(folder, FILE), [{ name: HEAD, shape, data: () => read(EMBEDDING) }]);
  const path = join(folder, 'model.safetensors.index.json');
  const index = (await readJsonIfPresent(path)) as { weight_map: Record<string, string> } | undefined;
  if (index === undefined) return;
  await writeJson(path, { ...index, weight_map: { ...index.weight_map, [HEAD]: FILE } });
}
