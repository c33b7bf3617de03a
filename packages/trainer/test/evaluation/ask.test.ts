import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readAnswers } from '../../src/evaluation/answers-file.js';
import { askAll } from '../../src/evaluation/ask.js';
import type { Dataset, Prompt } from '../../src/data/prompt.js';
import { fakePolicy } from '../fake-policy.js';
import { temporaryFolder } from '../helpers/temporary.js';

const folder = temporaryFolder();
const prompt = (index: number): Prompt => ({ id: `p${index}`, messages: [], label: { task: 'score', score: 1 + index / 10 } }); // prettier-ignore
const dataset: Dataset = { length: 7, get: (index) => Promise.resolve(prompt(index)), id: (index) => `p${index}` };
const sampling = { groupSize: 2, maxTokens: 4, temperature: 1, seed: 's' };

function counted(policy = fakePolicy()) {
  const asked: string[] = [];
  const sample: typeof policy.sample = (prompts, options) => {
    asked.push(...prompts.map(({ id }) => id));
    return policy.sample(prompts, options);
  };
  return { asked, open: () => Promise.resolve({ ...policy, sample }) };
}

test('an interrupted set goes on where it stopped, and ends as if it had not', async () => {
  const whole = join(folder, 'whole.jsonl');
  const rows = await askAll(counted().open, dataset, whole, { sampling, batch: 3 });
  expect(rows.map((row) => row.prompt)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6']);
  expect(rows[3]).toMatchObject({ label: prompt(3).label, answers: [{ finishReason: expect.any(String) }, {}] });

  const text = readFileSync(whole, 'utf8');
  for (const cut of [0, 1, 50, text.indexOf('\n') + 1, text.length - 1, text.length]) {
    const file = join(folder, `cut-${cut}.jsonl`);
    writeFileSync(file, text.slice(0, cut));
    const kept = text.slice(0, cut).split('\n').length - 1;
    const { asked, open } = counted();
    expect(await askAll(open, dataset, file, { sampling, batch: 3 })).toEqual(rows);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(asked).toHaveLength(7 - kept);
  }
});

test('opens no model when all answers are there; tells its progress', async () => {
  const file = join(folder, 'progress.jsonl');
  const progress: string[] = [];
  const onProgress = (done: number, total: number) => progress.push(`${done}/${total}`);
  await askAll(counted().open, dataset, file, { sampling, batch: 4, onProgress });
  expect(progress.at(0)).toBe('0/14');
  expect(progress.at(3)).toBe('8/14');
  expect(progress.at(-1)).toBe('14/14');
  await askAll(() => Promise.reject(new Error('no model')), dataset, file, { sampling, batch: 4 });
});

test('refuses answers to other questions, and another number of them', async () => {
  const file = join(folder, 'foreign.jsonl');
  await askAll(counted().open, dataset, file, { sampling, batch: 4 });
  await expect(askAll(counted().open, dataset, file, { sampling: { ...sampling, groupSize: 3 }, batch: 4 })).rejects.toThrow("has 2 answers to 'p0', expected 3 (decoding.samples)"); // prettier-ignore
  appendFileSync(file, '{"prompt":"x","label":{"task":"score","score":2},"answers":[{"text":"a"},{"text":"b"}]}\n');
  await expect(askAll(counted().open, dataset, file, { sampling, batch: 4 })).rejects.toThrow("foreign.jsonl: has answers to 'x', which the set does not ask"); // prettier-ignore
});

test('names row and field of a damaged answer', () => {
  const good = '{"prompt":"a","label":{"task":"score","score":2},"answers":[{"text":"t"}]}';
  const read = (...lines: string[]) => {
    const file = join(folder, 'damaged.jsonl');
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    return readAnswers(file);
  };
  expect(read(good)).toHaveLength(1);
  expect(() => read(good, '{')).toThrow(/damaged\.jsonl, row 2: not JSON/);
  expect(() => read(good, good)).toThrow("damaged.jsonl, row 2: 'prompt' 'a' was there before");
  expect(() => read(good.replace('"score":2', '"score":7'))).toThrow("row 1: 'label.score' must be at most 5, got 7");
  expect(() => read(good.replace('[{"text":"t"}]', '[]'))).toThrow("row 1: 'answers' must have at least 1 entries");
  expect(readAnswers(join(folder, 'none.jsonl'))).toEqual([]);
});
