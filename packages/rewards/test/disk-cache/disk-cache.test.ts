import { afterAll, afterEach, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diskCache, type DiskCache } from '../../src/disk-cache/index.js';
import { loadSqlite } from '../../src/disk-cache/sqlite.js';
import { runRewards, type Reward } from '../../src/index.js';
import { sampleOf } from '../samples.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'disk-cache-'));
const opened: DiskCache[] = [];
let files = 0;
const newFile = (): string => join(FOLDER, `${(files += 1)}.db`);
const open = (file: string, size?: number): DiskCache => {
  const cache = diskCache(file, size === undefined ? {} : { size });
  opened.push(cache);
  return cache;
};
const closeAll = (): void => opened.splice(0).forEach((cache) => cache.close());
afterEach(closeAll);
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** A closed cache of `count` values: i / 7 under the key i. */
function filled(count: number): string {
  const file = newFile();
  const cache = open(file);
  for (let i = 0; i < count; i += 1) cache.set(String(i), i / 7);
  closeAll();
  return file;
}

test('keeps every number and null, to the bit, over a restart', () => {
  const file = newFile();
  const values = [0, -0, 1 / 3, -1e-308, 5e-324, Infinity, -Infinity, null];
  const before = open(file);
  values.forEach((value, i) => before.set(String(i), value));
  before.set('3', 7); // anew
  closeAll();
  const after = open(file);
  const expected = values.with(3, 7);
  expect(values.map((_, i) => after.get(String(i)))).toEqual(expected); // tells -0 from 0
  expect(after.get('never set')).toBeUndefined();
});

test('holds the newest `size` values, whichever connection wrote them', () => {
  const file = newFile();
  const [one, other] = [open(file, 100), open(file, 100)];
  for (let i = 0; i < 300; i += 1) (i % 2 === 0 ? one : other).set(String(i), i);
  other.set('250', -1); // a value that is set anew takes no room
  const kept = Array.from({ length: 300 }, (_, i) => i).filter((i) => one.get(String(i)) !== undefined);
  expect(kept).toEqual(Array.from({ length: 100 }, (_, i) => 200 + i));
  expect(one.get('250')).toBe(-1);
});

test('a full file stops growing', () => {
  const file = newFile();
  const cache = open(file, 1000);
  for (let i = 0; i < 2000; i += 1) cache.set(String(i), i);
  const size = statSync(file).size;
  for (let i = 2000; i < 8000; i += 1) cache.set(String(i), i);
  expect(statSync(file).size).toBeLessThanOrEqual(size * 1.5);
  expect(statSync(file).size / 1000).toBeLessThan(260); // bytes a value: the table and its index, half-filled pages at worst
});

const children = new Set<ChildProcess>();
afterEach(() => children.forEach((child) => child.kill('SIGKILL')));

/** A process of its own that runs a script of this folder. */
function script(name: string, ...given: string[]): ChildProcess {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@q-insight/source', '--import', 'tsx', path, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** A process that writes the values from `from` to `to`. */
const writer = (file: string, from: number, to: number | 'forever'): ChildProcess =>
  script('writer.ts', file, String(from), String(to));

/** The exit codes of two processes. */
async function bothDone(...processes: [ChildProcess, ChildProcess]): Promise<number[]> {
  const exits = await Promise.all(processes.map(async (child) => once(child, 'exit')));
  return exits.map(([code]) => code as number);
}

test('two processes may make and fill one file at once', async () => {
  const file = newFile();
  expect(await bothDone(writer(file, 0, 2000), writer(file, 1000, 3000))).toEqual([0, 0]);
  const cache = open(file);
  const wrong = Array.from({ length: 3000 }, (_, i) => i).filter((i) => cache.get(String(i)) !== i / 7);
  expect(wrong).toEqual([]);
});

test('two processes that make the same files at the same time do not trip over each other', async () => {
  const prefix = newFile();
  expect(await bothDone(script('opener.ts', prefix, '60'), script('opener.ts', prefix, '60'))).toEqual([0, 0]);
  expect(open(`${prefix}-59`).get('a')).toBe(1);
});

test('a process that is killed while it writes leaves a sound file', async () => {
  const file = newFile();
  const child = writer(file, 0, 'forever');
  await once(child.stdout!, 'data');
  await new Promise((resolve) => setTimeout(resolve, 300)); // anywhere in a write
  child.kill('SIGKILL');
  await once(child, 'exit');
  const cache = open(file);
  let count = 0;
  while (cache.get(String(count)) !== undefined) {
    expect(cache.get(String(count))).toBe(count / 7);
    count += 1;
  }
  expect(count).toBeGreaterThanOrEqual(10);
  expect(cache.get(String(count + 1))).toBeUndefined(); // nothing after the last
});

test.each([
  ['cut short', (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2))],
  ['with a page overwritten', (file: string) => overwrite(file, 4096 * 5, Buffer.alloc(4096, 7))],
  ['with its head overwritten', (file: string) => overwrite(file, 0, Buffer.alloc(100, 7))],
  ['of text', (file: string) => writeFileSync(file, 'no database at all\n'.repeat(100))],
])('a file %s is refused, named, and left alone', (_, damage) => {
  const file = filled(1000);
  damage(file);
  const before = readFileSync(file);
  expect(() => open(file)).toThrow(
    new RegExp(
      `^diskCache: ${file}: .*(damaged|malformed|not a database).*; a cache can be deleted without loss$`,
      's',
    ),
  );
  expect(readFileSync(file).equals(before)).toBe(true);
});

function overwrite(file: string, at: number, bytes: Uint8Array): void {
  const content = readFileSync(file);
  content.set(bytes, at);
  writeFileSync(file, content);
}

test('one changed bit of a value is found when the value is read', () => {
  const file = filled(1000);
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(500 / 7);
  const at = readFileSync(file).indexOf(bytes);
  bytes[3]! ^= 1;
  overwrite(file, at, bytes);
  const cache = open(file);
  expect(cache.get('499')).toBe(499 / 7);
  expect(() => cache.get('500')).toThrow(`diskCache: ${file}: the file is damaged: a value does not fit its seal`);
  cache.set('500', 1);
  expect(cache.get('500')).toBe(1);
});

test('damage that comes while the file is open is named too', () => {
  const file = filled(20_000);
  const cache = open(file);
  truncateSync(file, 8192);
  const readAll = (): void => {
    for (let i = 0; i < 20_000; i += 1) cache.get(String(i)); // more than SQLite holds in memory
  };
  expect(readAll).toThrow(`diskCache: ${file}: `);
});

test('what is no cache is refused, named, and left alone', () => {
  const other = newFile();
  const database = new (loadSqlite().DatabaseSync)(other);
  database.exec('CREATE TABLE mail (text TEXT)');
  database.close();
  const before = readFileSync(other);
  expect(() => open(other)).toThrow(`diskCache: ${other}: the file is a database of another program`);
  expect(readFileSync(other).equals(before)).toBe(true);

  const newer = filled(1);
  const raised = new (loadSqlite().DatabaseSync)(newer);
  raised.exec('PRAGMA user_version = 2');
  raised.close();
  expect(() => open(newer)).toThrow(`diskCache: ${newer}: the file has layout 2, this version reads layout 1`);

  expect(() => open(FOLDER)).toThrow(`diskCache: ${FOLDER}: `);
  expect(() => open(join(FOLDER, 'nowhere', 'x.db'))).toThrow('unable to open database file');
});

test('a closed cache says so, and a size makes sense', () => {
  const file = newFile();
  const cache = diskCache(file);
  cache.close();
  expect(() => cache.get('a')).toThrow(`diskCache: ${file}: `);
  expect(() => diskCache(file, { size: 0 })).toThrow('diskCache: size must be a whole number of at least 1, got 0');
  expect(() => diskCache(file, { size: 1.5 })).toThrow(RangeError);
});

/** A reward that counts its calls and gives the length of the completion. */
function counting(version?: string): Reward & { calls: number } {
  return {
    name: 'length',
    range: [0, 100],
    ...(version !== undefined && { version }),
    calls: 0,
    score({ completion }) {
      this.calls += 1;
      return completion.length;
    },
  };
}

test('a second run takes from the file what has the same reward, version and content', async () => {
  const file = newFile();
  const run = async (reward: Reward, ...samples: Parameters<typeof runRewards>[0]) => {
    const cache = open(file);
    const report = await runRewards(samples, [reward], { cache });
    closeAll();
    return [...report.totals, report.metrics[reward.name]?.cached];
  };
  const sample = sampleOf('abc');
  const first = counting('1');
  expect(await run(first, sample)).toEqual([3, 0]);
  expect(await run(first, { ...sample, id: 'other', group: 'elsewhere' })).toEqual([3, 1]);
  expect(first.calls).toBe(1);
  expect(await run(counting('2'), sample)).toEqual([3, 0]);
  expect(await run({ ...counting('1'), name: 'size' }, sample)).toEqual([3, 0]);
  for (const change of [
    { completion: 'abd' },
    { label: { task: 'none' } as const },
    { prompt: [{ type: 'image', url: 'data:image/png;base64,AAAA' }] as const },
    { completionIds: [1] },
    { finishReason: 'length' as const },
    { metadata: { a: 1 } },
  ])
    expect(await run(counting('1'), { ...sample, ...change })).toEqual([3, 0]);

  const unversioned = counting();
  await run(unversioned, sample);
  expect(await run(unversioned, sample)).toEqual([3, 0]);
});

test('an aborted run has kept what it had, and the next one goes on from there', async () => {
  const file = newFile();
  const samples = Array.from({ length: 10 }, (_, i) => sampleOf('x'.repeat(i), undefined, String(i)));
  const reward = counting('1');
  const stop = new AbortController();
  const run = runRewards(samples, [reward], {
    cache: open(file),
    concurrency: 1,
    signal: stop.signal,
    onProgress: ({ done }) => done === 4 && stop.abort(new Error('enough')),
  });
  await expect(run).rejects.toThrow('enough');
  closeAll();
  const before = reward.calls;
  expect(before).toBe(4);
  const report = await runRewards(samples, [reward], { cache: open(file) });
  expect(report.totals).toEqual(samples.map((_, i) => i));
  expect(report.metrics['length']).toMatchObject({ cached: before, calls: 10 - before });
});

test('a cache that fails ends the run, naming the file', async () => {
  const file = newFile();
  const cache = diskCache(file);
  cache.close();
  await expect(runRewards([sampleOf('a')], [counting('1')], { cache })).rejects.toThrow(`diskCache: ${file}: `);
});

test('a copy of a closed file is a cache', () => {
  const file = filled(10);
  const copy = newFile();
  copyFileSync(file, copy);
  expect(open(copy).get('9')).toBe(9 / 7);
});
