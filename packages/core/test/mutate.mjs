// Flips signs and bounds in a copy of packages/core and counts how many of the flips the tests notice.
//   node packages/core/test/mutate.mjs [mutants, default 60] [seed, default 1]
// The copy lives in the system's temporary folder: the working tree is never changed.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import seedrandom from 'seedrandom';

const [wanted = '60', seed = '1'] = process.argv.slice(2);
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

/** A line of arithmetic: no comment, no import, no type, no error text. */
const isCode = (line) =>
  !/^\s*(\*|\/\/|\/\*|import|export (type|interface)|readonly|check\w+\(|if \(!\(|\| )/.test(line) &&
  !/fail\(|checkOneOf/.test(line);

const root = mkdtempSync(join(tmpdir(), 'q-insight-mutants-'));
for (const name of ['package.json', 'jest.config.mjs', 'tools', 'docs'])
  cpSync(name, join(root, name), { recursive: true });
for (const name of ['src', 'test', 'package.json'])
  cpSync(join('packages/core', name), join(root, 'packages/core', name), { recursive: true });
mkdirSync(join(root, 'examples'));
symlinkSync(resolve('node_modules'), join(root, 'node_modules'));
const source = join(root, 'packages/core/src');

const mutants = readdirSync(source, { recursive: true })
  .filter((file) => file.endsWith('.ts') && !/index\.ts|presets|invariants|tfjs/.test(file))
  .flatMap((file) =>
    readFileSync(join(source, file), 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        isCode(line)
          ? swaps.filter(([from]) => line.split(' // ')[0].includes(from)).map(([from, to]) => ({ file, at, from, to }))
          : [],
      ),
  );
const random = seedrandom(seed);
const chosen = mutants
  .map((mutant) => [random(), mutant])
  .sort((a, b) => a[0] - b[0])
  .slice(0, Number(wanted))
  .map(([, mutant]) => mutant);

const jest = [
  '--experimental-vm-modules',
  'node_modules/jest/bin/jest.js',
  '--bail',
  '--silent',
  '--testPathIgnorePatterns',
  'tfjs',
];
const survivors = [];
try {
  for (const { file, at, from, to } of chosen) {
    const path = join(source, file);
    const original = readFileSync(path, 'utf8');
    const lines = original.split('\n');
    lines[at] = lines[at].replace(from, to);
    writeFileSync(path, lines.join('\n'));
    // a mutant that hangs is noticed too
    const { status } = spawnSync(process.execPath, jest, { cwd: root, stdio: 'ignore', timeout: 120_000 });
    writeFileSync(path, original);
    const caught = status !== 0;
    if (!caught) survivors.push(`${file}:${at + 1}  ${from.trim()} -> ${to.trim()}  ${lines[at].trim()}`);
    process.stdout.write(caught ? '.' : 'S');
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
const share = (chosen.length - survivors.length) / chosen.length;
console.log(`\n${chosen.length} of ${mutants.length} mutants tried, ${(100 * share).toFixed(0)} % caught`);
for (const survivor of survivors) console.log(`survived: ${survivor}`);
process.exitCode = share >= 0.9 ? 0 : 1;
