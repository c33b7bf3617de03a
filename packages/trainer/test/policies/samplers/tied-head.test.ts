import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openModelFolder, openSafetensors } from '../../../src/models/safetensors.js';
import { EMBEDDING } from '../../../src/models/qwen2.5-vl/model.js';
import { openCheckpoint, saveCheckpoint } from '../../../src/models/qwen2.5-vl/weights.js';
import { writeTiedHead } from '../../../src/policies/samplers/tied-head.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const CHECKPOINT = 'examples/tiny/checkpoint';
const NAME = 'lm_head.weight';

test('a tied head is written beside the weights, equal to the embeddings', async () => {
  const folder = temporaryFolder();
  cpSync(CHECKPOINT, folder, { recursive: true });
  await writeTiedHead(folder);
  const written = await openSafetensors(join(folder, 'lm_head.safetensors'));
  const { read } = await openCheckpoint(folder);
  expect([...written.tensors.keys()]).toEqual([NAME]);
  expect(written.tensors.get(NAME)!.shape).toEqual([502, 128]);
  expect(await written.read(NAME)).toEqual(await read(EMBEDDING));
});

test('an index names it: vLLM reads no other files then', async () => {
  const [folder, source] = [temporaryFolder(), await openCheckpoint(CHECKPOINT)];
  await saveCheckpoint(folder, source.config, source.read, { maxShardBytes: 2e6 });
  const before = [...(await openModelFolder(folder)).tensors.keys()];
  await writeTiedHead(folder);
  const file = await openModelFolder(folder); // follows the index
  expect([...file.tensors.keys()].sort()).toEqual([...before, NAME].sort());
  expect(await file.read(NAME)).toEqual(await source.read(EMBEDDING));
});

test('a model with a head of its own is left as it is', async () => {
  const [folder, source] = [temporaryFolder(), await openCheckpoint(CHECKPOINT)];
  const untied = { ...source.config, tieWordEmbeddings: false };
  const read = (name: string) => source.read(name === NAME ? EMBEDDING : name);
  await saveCheckpoint(folder, untied, read);
  const files = () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'base64')]);
  const before = files();
  await writeTiedHead(folder);
  expect(files()).toEqual(before);
});
