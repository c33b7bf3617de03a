// Flips signs and bounds in a copy of packages/core, one at a time, and counts how many of the flips the tests notice.
//   npm run mutants                       60 mutants, drawn with seed 1
//   npm run mutants -- --count 200        goes on after the 60 that are known already
//   npm run mutants -- --seed 2 --file losses/
// Results are kept in node_modules/.cache/q-insight-mutants.jsonl and hold as long as no source and no test of core changes. Ctrl-C
// ends a run at any time. The copy lies in the system's temporary folder: the working tree is never changed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import seedrandom from 'seedrandom';

const swaps = [
  [' + ', ' - '],
  [' - ', ' + '],
  [' * ', ' / '],
  [' / ', ' * '],
  [' < ', ' > '],
  [' > ', ' < '],
  [' <= ', ' > '],
  [' >= ', ' < '],
  [' += ', ' -= '],
  [' -= ', ' += '],
  ['Math.min(', 'Math.max('],
  ['Math.max(', 'Math.min('],
  [' === 0', ' !== 0'],
  [' === 1', ' !== 1'],
  ['1 - ', '1 + '],
  ['= -', '= '],
];
/** Presets are data, laws are themselves tests, the tfjs wrapper has tests that take long to start. */
const leftOut = /index\.ts|\.d\.ts|presets|invariants|tfjs/;
const HANGS_AFTER = 300_000; // ms; a mutant that hangs is noticed too
const SLOW = ['invariants/losses', 'losses/policy'];
const CACHE = 'node_modules/.cache/q-insight-mutants.jsonl';

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    file: { type: 'string', default: '' },
  },
});

const folder = copyOfCore();
const digest = digestOf('packages/core/src', 'packages/core/test');
const known = resultsOf(digest);
let running;
let stopped = false;
process.on('SIGINT', () => {
  stopped = true;
  running?.kill();
});

try {
  setPriority(10);
  const mutants = shuffled(mutantsIn('packages/core/src'), options.seed).slice(0, Number(options.count));
  if (!(await testsPass()) && !stopped) throw new Error('mutants: the tests fail without any mutation');
  for (const [n, mutant] of mutants.entries()) {
    if (known.has(mutant.key)) continue;
    const began = performance.now();
    const caught = await isCaught(mutant);
    if (stopped) break;
    known.set(mutant.key, caught);
    keep(mutant, caught);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${n + 1}/${mutants.length} ${caught ? 'caught' : 'SURVIVED'} in ${seconds} s: ${mutant.key}`);
  }
  report(mutants.filter(({ key }) => known.has(key)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** A line of arithmetic: no comment, no import, no type, no error text. */
function isCode(line) {
  return (
    !/^\s*(\*|\/\/|\/\*|import|export (type|interface)|readonly|check\w+\(|if \(!\(|\| )/.test(line) &&
    !/fail\(|checkOneOf/.test(line)
  );
}

/** Every flip of every line, named by file, line and what becomes of it. */
function mutantsIn(source) {
  const files = readdirSync(source, { recursive: true }).filter((file) => file.endsWith('.ts') && !leftOut.test(file));
  return files
    .filter((file) => file.includes(options.file))
    .sort()
    .flatMap((file) =>
      readFileSync(join(source, file), 'utf8')
        .split('\n')
        .flatMap((line, at) => (isCode(line) ? flipsOf(file, line, at) : [])),
    );
}

function flipsOf(file, line, at) {
  return swaps
    .filter(([from]) => line.split(' // ')[0].includes(from))
    .map(([from, to]) => ({ file, at, from, to, key: `${file}:${at + 1} ${line.replace(from, `⟦${to}⟧`).trim()}` }));
}

function shuffled(items, seed) {
  const random = seedrandom(seed);
  return items
    .map((item) => [random(), item])
    .sort((a, b) => a[0] - b[0])
    .map(([, item]) => item);
}

function copyOfCore() {
  const root = mkdtempSync(join(tmpdir(), 'q-insight-mutants-'));
  for (const name of ['package.json', 'jest.config.mjs', 'tools', 'docs'])
    cpSync(name, join(root, name), { recursive: true });
  for (const name of ['src', 'test', 'package.json'])
    cpSync(join('packages/core', name), join(root, 'packages/core', name), { recursive: true });
  mkdirSync(join(root, 'examples'));
  symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
  return root;
}

async function isCaught({ file, at, from, to }) {
  const path = join(folder, 'packages/core/src', file);
  const original = readFileSync(path, 'utf8');
  const lines = original.split('\n');
  lines[at] = lines[at].replace(from, to);
  writeFileSync(path, lines.join('\n'));
  const passed = await testsPass();
  writeFileSync(path, original);
  return !passed;
}

/** The quick tests first: they notice most. */
async function testsPass() {
  const quick = ['--testPathIgnorePatterns', 'tfjs', 'bundle', ...SLOW];
  return (await jestPasses(quick)) && !stopped && (await jestPasses(SLOW));
}

function jestPasses(which) {
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--bail', '--silent', ...which];
  return new Promise((done, failed) => {
    running = spawn(process.execPath, jest, { cwd: folder, stdio: 'ignore', timeout: HANGS_AFTER });
    running.on('error', failed);
    running.on('close', (status) => done(status === 0));
  });
}

function digestOf(...folders) {
  const hash = createHash('sha256');
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort(byPath)) {
      if (entry.isFile()) hash.update(pathOf(entry)).update(readFileSync(pathOf(entry)));
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function pathOf(entry) {
  return join(entry.parentPath, entry.name);
}

function byPath(a, b) {
  return pathOf(a) < pathOf(b) ? -1 : 1;
}

function resultsOf(digest) {
  const lines = existsSync(CACHE) ? readFileSync(CACHE, 'utf8').split('\n').filter(Boolean) : [];
  const results = lines.map((line) => JSON.parse(line)).filter((result) => result.digest === digest);
  return new Map(results.map(({ key, caught }) => [key, caught]));
}

function keep({ key }, caught) {
  mkdirSync(dirname(CACHE), { recursive: true });
  appendFileSync(CACHE, `${JSON.stringify({ digest, key, caught })}\n`);
}

/** One line a file, the survivors, and the share caught; fewer than 90 % is a failure. */
function report(tried) {
  const files = [...new Set(tried.map(({ file }) => file))].sort();
  console.log('\n| file | mutants | caught |\n| --- | --- | --- |');
  for (const file of files) {
    const mutants = tried.filter((mutant) => mutant.file === file);
    console.log(`| ${file} | ${mutants.length} | ${mutants.filter(({ key }) => known.get(key)).length} |`);
  }
  const survivors = tried.filter(({ key }) => !known.get(key));
  for (const { key } of survivors) console.log(`survived: ${key}`);
  const share = tried.length === 0 ? 0 : 1 - survivors.length / tried.length;
  console.log(`${tried.length} mutants tried, ${(100 * share).toFixed(0)} % caught`);
  process.exitCode = share >= 0.9 ? 0 : 1;
}
