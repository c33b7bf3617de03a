import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { benchmarkRun } from '../../src/cli/benchmark.js';
import type { Parts } from '../../src/cli/parts.js';
import { fakeParts } from './fake-parts.js';
import { temporaryFolder } from '../helpers/temporary.js';

const folder = temporaryFolder();
const output = join(folder, 'out');
const lines: string[] = [];
beforeEach(() => {
  lines.length = 0;
  jest.spyOn(console, 'log').mockImplementation((text: string) => void lines.push(text));
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
});

let opened = 0;
const parts: Parts = {
  ...fakeParts(),
  openPolicy: (...request) => {
    opened += 1;
    return fakeParts().openPolicy(...request);
  },
};
const suite = (name: string, text: string) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const sets = 'sets: { fakes: { kind: photos, folder: nowhere } }\n';
const whole = suite('suite.yaml', `name: fake\nmodel: { checkpoint: none }\n${sets}decoding: { temperature: 1, samples: 2 }\n`); // prettier-ignore

test('asks, measures, prints and writes the tables; a second call asks nothing', async () => {
  const [result] = await benchmarkRun(whole, { output }, parts);
  expect(opened).toBe(1);
  expect(result!.answers).toBe(2 * result!.prompts);
  expect(lines.join('\n')).toContain('Degradation perception (Q-Insight, Table 2) (class / level)');
  expect(existsSync(join(output, 'tables', 'table2-degradations.tex'))).toBe(true);
  const answers = readFileSync(join(output, 'answers', 'fakes.jsonl'), 'utf8');
  expect(await benchmarkRun(whole, { output }, parts)).toEqual([result]);
  expect(opened).toBe(1);
  expect(readFileSync(join(output, 'answers', 'fakes.jsonl'), 'utf8')).toBe(answers);
});

test('measures may change on the same answers, questions may not', async () => {
  await benchmarkRun(whole, { output, set: ['measures.unreadable=worst', 'decoding.batch=3'] }, parts);
  await expect(benchmarkRun(whole, { output, set: ['decoding.temperature=0.5'] }, parts)).rejects.toThrow(
    /questions\.yaml: the answers there are to other questions or of another model; name another folder with --output/,
  );
});

test('answers from elsewhere need no model; without them one is asked for', async () => {
  const bare = suite('bare.yaml', `name: fake\n${sets}decoding: { temperature: 1, samples: 2 }\n`);
  const elsewhere = join(folder, 'elsewhere');
  await expect(benchmarkRun(bare, { output: elsewhere }, parts)).rejects.toThrow(
    "not all answers are there, and there is no model to ask: name one with --checkpoint, or in 'model'",
  );
  writeFileSync(join(elsewhere, 'answers', 'fakes.jsonl'), readFileSync(join(output, 'answers', 'fakes.jsonl')));
  const [result] = await benchmarkRun(bare, { output: elsewhere }, parts);
  expect(result!.degradation!.count).toBe(result!.answers);
});

test.each<[string, string, RegExp]>([
  ['several greedy answers', `${sets}decoding: { samples: 2 }\n`, /bad\.yaml:2: 'decoding\.samples' must be 1 at temperature 0, where every answer is the same/], // prettier-ignore
  ['no sets', 'sets: {}\n', /bad\.yaml:1: 'sets' must name at least one set/],
  [
    'a set that cannot be a file',
    'sets: { "a/b": { kind: photos, folder: x } }\n',
    /'sets\.a\/b' must be named in letters, digits, _ and -$/,
  ],
  ['an unknown policy', `${sets}measures: { unreadable: ignore }\n`, /'measures\.unreadable' must be one of drop, middle, worst, random, got "ignore"/], // prettier-ignore
])('refuses %s', async (_, text, message) => {
  await expect(benchmarkRun(suite('bad.yaml', text), { output }, parts)).rejects.toThrow(message);
});
