import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkFields } from '../../models/check-fields.js';
import { readJson, writeJson } from '../../models/files.js';

const FILE = 'tinker.json';
const schema = z.object({ path: z.string(), baseModel: z.string(), rank: z.int() });

/** Where the weights of a checkpoint are, and what they belong to. */
export type WeightsAddress = z.output<typeof schema>;

/** Writes the file of a checkpoint folder that says where the weights are: they stay with the server. */
export async function writeAddress(folder: string, address: WeightsAddress): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeJson(join(folder, FILE), address);
}

/** @throws Error naming the file and the field */
export async function readAddress(folder: string): Promise<WeightsAddress> {
  const file = join(folder, FILE);
  return checkFields(schema, await readJson(file), file);
}
