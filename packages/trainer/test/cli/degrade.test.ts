import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import sharp from 'sharp';
import { degradeFolder, type DegradeCommandOptions } from '../../src/cli/degrade.js';
import type { ManifestRow } from '../../src/data/degrade/make.js';
import { decodeImage } from '../../src/images/decode.js';
import { degrade } from '../../src/images/degradations/degrade.js';
import type { DegradationName } from '../../src/images/degradations/dq495k.js';
import type { Severity } from '../../src/images/degradations/samples.js';
import { openDataset } from '../../src/training/dataset.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { source } from '../data/formats/upstream-tree.js';

const root = temporaryFolder();
const photos = join(root, 'photos');
const plain: DegradeCommandOptions = { output: '', seed: '0', clean: '0.5', count: '1', shortSide: '48', jobs: '1' };

beforeAll(async () => {
  mkdirSync(join(photos, 'inside'), { recursive: true });
  for (let i = 0; i < 12; i++) {
    const noise = { type: 'gaussian' as const, mean: 100 + i, sigma: 30 };
    const create = { width: 80, height: 64, channels: 3 as const, background: '#000', noise };
    await sharp({ create }).toFile(join(photos, i % 2 === 0 ? `p${i}.png` : `inside/p${i}.jpg`));
  }
  writeFileSync(join(photos, 'notes.txt'), 'no photograph');
});
beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});

const rowsOf = (output: string) => readFileSync(join(output, 'manifest.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as ManifestRow); // prettier-ignore

test('every picture is what its row says: made again from the row, bit for bit', async () => {
  const output = join(root, 'one');
  await degradeFolder(photos, { ...plain, output });
  const rows = rowsOf(output);
  expect(rows).toHaveLength(12);
  expect(rows.filter(({ severity }) => severity === 0).length).toBeGreaterThan(0);
  for (const row of rows) {
    const bytes = readFileSync(join(output, row.img_lq));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(row.sha256);
    const made = await decodeImage(bytes);
    expect([made.width, made.height]).toEqual([60, 48]); // 80x64 with its short side at 48
    if (row.severity === 0) continue;
    const whole = await degradedAgain(row);
    expect(Buffer.from(made.data).equals(Buffer.from(whole))).toBe(true);
  }
  expect(readFileSync(join(output, 'contact-sheet.html'), 'utf8')).toContain(rows[0]!.img_lq);
});

async function degradedAgain(row: ManifestRow): Promise<Uint8Array> {
  const { resizeImage } = await import('../../src/images/resize.js');
  const small = resizeImage(await decodeImage(join(photos, row.img_ref)), 60, 48, 'bicubic');
  const name = row.distortion_name as DegradationName;
  return (await degrade(small, { name, severity: row.severity as Severity, seed: row.seed as string })).data;
}

test('goes on after a kill: what is whole stays, what is missing, damaged or torn is made again', async () => {
  const [whole, output] = [join(root, 'one'), join(root, 'killed')];
  await degradeFolder(photos, { ...plain, output });
  const manifest = readFileSync(join(output, 'manifest.jsonl'), 'utf8');
  expect(manifest).toBe(readFileSync(join(whole, 'manifest.jsonl'), 'utf8'));

  const lines = manifest.split('\n');
  writeFileSync(join(output, 'manifest.jsonl'), `${lines.slice(0, 5).join('\n')}\n`);
  writeFileSync(join(output, 'manifest.0.jsonl'), `${lines[5]!}\n${lines[6]!.slice(0, 40)}`); // a part, its last line torn
  const rows = rowsOf(whole);
  rmSync(join(output, rows[0]!.img_lq));
  appendFileSync(join(output, rows[1]!.img_lq), 'x');
  const untouched = statSync(join(output, rows[2]!.img_lq)).mtimeMs;
  await degradeFolder(photos, { ...plain, output });
  expect(readFileSync(join(output, 'manifest.jsonl'), 'utf8')).toBe(manifest);
  expect(statSync(join(output, rows[2]!.img_lq)).mtimeMs).toBe(untouched);
  for (const { img_lq: name } of rows)
    expect(readFileSync(join(output, name))).toEqual(readFileSync(join(whole, name)));
  expect(readdirSync(output).filter((name) => name.startsWith('manifest.'))).toEqual(['manifest.jsonl']);
});

test('several processes make the same', () => {
  const output = join(root, 'parallel');
  const flags = ['--output', output, '--clean', '0.5', '--short-side', '48', '--jobs', '2'];
  const main = join(import.meta.dirname, '../../src/cli/main.ts');
  const run = spawnSync(process.execPath, ['--conditions=@q-insight/source', '--import', 'tsx', main, 'degrade', photos, ...flags], { encoding: 'utf8' }); // prettier-ignore
  expect(run.stderr).not.toContain('error');
  expect(run.stdout).toMatch(/^12 pictures; manifest: /);
  const one = readFileSync(join(root, 'one', 'manifest.jsonl'), 'utf8');
  expect(readFileSync(join(output, 'manifest.jsonl'), 'utf8')).toBe(one);
});

test('the manifest is a label file of the kind dq495k', async () => {
  const output = join(root, 'labels');
  await degradeFolder(photos, { ...plain, output, classes: 'noise,blur' });
  const file = join(output, 'manifest.jsonl');
  const dataset = await openDataset(source({ kind: 'dq495k', file }), 'train', 's');
  const rows = rowsOf(output);
  expect(dataset).toHaveLength(12);
  for (const [i, row] of rows.entries()) {
    expect((await dataset.get(i)).label).toMatchObject({ distortionClass: row.distortion_class ?? 'null' });
  }
});

test("KADID-10k's ladder, named in each row", async () => {
  const output = join(root, 'kadid');
  await degradeFolder(photos, {
    ...plain,
    output,
    ladder: 'kadid10k',
    clean: '0',
    classes: 'mean_shift,saturate_weaken',
  });
  for (const row of rowsOf(output)) {
    expect(row.ladder).toBe('kadid10k');
    expect(['mean_shift', 'saturate_weaken/hsv']).toContain(row.distortion_name);
    expect(row.parameters).toEqual({ [row.distortion_name === 'mean_shift' ? 'shift' : 'factor']: expect.any(Number) });
  }
});

test('several distortions on top of each other, each in its row', async () => {
  const output = join(root, 'several');
  await degradeFolder(photos, { ...plain, output, count: '2', clean: '0' });
  const [row] = rowsOf(output);
  expect(row).toMatchObject({ distortion_class: [expect.any(String), expect.any(String)], severity: [expect.any(Number), expect.any(Number)], parameters: [expect.any(Object), expect.any(Object)] }); // prettier-ignore
});

test('refuses another plan in the same folder, and a folder without photographs', async () => {
  const output = join(root, 'one');
  await expect(degradeFolder(photos, { ...plain, output, seed: '1' })).rejects.toThrow(/settings\.json: the pictures there were made with other settings/); // prettier-ignore
  const empty = join(root, 'empty');
  mkdirSync(empty);
  await expect(degradeFolder(empty, { ...plain, output: join(root, 'x') })).rejects.toThrow(
    /empty: no photographs in it/,
  );
  await expect(degradeFolder(join(root, 'gone'), { ...plain, output: join(root, 'x') })).rejects.toThrow(/gone: no such folder/); // prettier-ignore
  expect(existsSync(join(root, 'x'))).toBe(false);
});
