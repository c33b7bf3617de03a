import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import sharp from 'sharp';
import { realParts } from '../../src/cli/real-parts.js';
import { trainRun } from '../../src/cli/train.js';
import { goldenPath } from '../helpers/golden.js';
import { temporaryFolder } from '../helpers/temporary.js';

// A real model on images of one's own, as a recipe with a label file has it.
const folder = temporaryFolder();
const output = join(folder, 'run');

beforeAll(async () => {
  const grey = { width: 112, height: 112, channels: 3, background: '#808080' } as const;
  await sharp({ create: grey }).png().toFile(join(folder, 'grey.png'));
  const row = JSON.stringify({ image: 'grey.png', task: 'score', score: 3 });
  writeFileSync(join(folder, 'labels.jsonl'), `${row}\n`);
  writeFileSync(join(folder, 'broken.png'), 'not a picture');
  writeFileSync(join(folder, 'broken.jsonl'), `${row.replace('grey', 'broken')}\n`);
});
beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});

function recipe(name: string, labels: string): string {
  const file = join(folder, name);
  const data = `{ kind: jsonl, file: ${JSON.stringify(join(folder, labels))}, style: short }`;
  const checkpoint = JSON.stringify(goldenPath('vlm', 'tied_fp32'));
  writeFileSync(file, `model: { checkpoint: ${checkpoint} }\ndata: { train: ${data}, heldOut: ${data} }\nsteps: 1\n`);
  return file;
}
const short = ['grpo.groupSize=2', 'grpo.promptsPerStep=1', 'grpo.maxTokens=2'];
const run = (set: string[], to: string) =>
  trainRun(recipe('good.yaml', 'labels.jsonl'), { output: to, set: [...short, ...set], evaluate: false }, realParts);

test.each<[string, string, RegExp]>([
  [
    'an image that cannot be read',
    `data.train.file=${join(folder, 'broken.jsonl')}`,
    /broken\.jsonl, row 1: 'image' cannot be read: .*broken\.png/,
  ],
  [
    'a held-out one',
    `data.heldOut.file=${join(folder, 'broken.jsonl')}`,
    /broken\.jsonl, row 1: 'image' cannot be read: .*broken\.png/,
  ],
  [
    'a crop larger than the photograph',
    `data.train={kind: photos, folder: examples/photos, cropSize: 5000}`,
    /\.jpg: \d+x\d+ pixels are too few for a crop of 5000x5000; lower cropSize/,
  ],
])('%s leaves no run behind', async (_, set, message) => {
  const left = join(folder, 'left');
  await expect(run([set], left)).rejects.toThrow(message);
  expect(existsSync(left)).toBe(false);
});

test('a prompt that is too long is refused, and maxPromptTokens or maxPixels helps as the message says', async () => {
  const limit = 'model.maxPromptTokens=70';
  const refused = await run([limit], output).catch((error: unknown) => (error as Error).message);
  expect(refused).toMatch(
    /^prompt "score:grey\.png:0": \d+ tokens exceed maxPromptTokens 70, of which images: grey\.png 16;.*Raise maxPromptTokens or lower maxPixels\.$/,
  );
  const tokens = /: (\d+) tokens/.exec(refused as string)![1]!;
  expect(await run([`model.maxPromptTokens=${tokens}`], join(folder, 'raised'))).toBe(0);
  expect(await run([limit, 'model.maxPixels=3136', 'model.minPixels=784'], join(folder, 'scaled'))).toBe(0);
  expect(existsSync(join(folder, 'scaled', 'final'))).toBe(true);
});
