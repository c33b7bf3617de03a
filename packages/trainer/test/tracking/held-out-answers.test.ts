import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { evaluateRun } from '../../src/cli/evaluate.js';
import { trainRun } from '../../src/cli/train.js';
import { readRunSettings } from '../../src/config/run-folder.js';
import type { EvaluatedAnswer } from '../../src/evaluation/report.js';
import {
  dropHeldOutAfter,
  heldOutSteps,
  readHeldOutAnswers,
  writeHeldOutAnswers,
} from '../../src/tracking/held-out-answers.js';
import { fakeParts } from '../cli/fake-parts.js';
import { fakeRecipe } from '../cli/fake-recipe.js';
import { temporaryFolder } from '../helpers/temporary.js';

const answer = (text: string): EvaluatedAnswer => ({
  prompt: text,
  label: { task: 'score', score: 3 },
  text,
  finishReason: 'stop',
  tokens: 3,
  rewards: { format: 1, degradation: null },
  total: 1,
});

test('answers are read back: the newest up to a step', () => {
  const run = temporaryFolder();
  expect(readHeldOutAnswers(run, 9)).toBeUndefined();
  for (const step of [0, 1_000_000, 50]) writeHeldOutAnswers(run, step, [answer(`after ${step}`)]);
  writeFileSync(join(run, 'held-out', 'notes.txt'), 'of my own');
  expect(heldOutSteps(run)).toEqual([0, 50, 1_000_000]);
  expect(readHeldOutAnswers(run, 49)!.answers).toEqual([answer('after 0')]);
  expect(readHeldOutAnswers(run, 50)).toEqual({ version: 1, step: 50, count: 1, answers: [answer('after 50')] });
  writeHeldOutAnswers(run, 50, [answer('again')]);
  expect(readHeldOutAnswers(run, 60)!.answers).toEqual([answer('again')]);
  dropHeldOutAfter(run, 50);
  expect(heldOutSteps(run)).toEqual([0, 50]);
});

test('a file has at most 1,000 answers, and says how many there were', () => {
  const run = temporaryFolder();
  writeHeldOutAnswers(
    run,
    7,
    Array.from({ length: 1200 }, (_, i) => answer(`${i} ${'x'.repeat(700)}`)),
  );
  const { count, answers } = readHeldOutAnswers(run, 7)!;
  expect([count, answers.length, answers.at(-1)!.prompt.slice(0, 4)]).toEqual([1200, 1000, '999 ']);
  expect(statSync(join(run, 'held-out', 'step-000007.json')).size).toBeLessThan(2e6); // the text is there twice
});

test.each([
  ['{"version": 2, "step": 3, "count": 0, "answers": []}', "'version' must be '1', got 2"],
  ['{"version": 1, "step": 3, "count": 1, "answers": [{"prompt": "a"}]}', "'answers.0.label'"],
  ['{"version": 1,', 'step-000003.json'],
])('a file that is not as it should be is named: %s', (text, message) => {
  const run = temporaryFolder();
  mkdirSync(join(run, 'held-out'));
  writeFileSync(join(run, 'held-out', 'step-000003.json'), text);
  expect(() => readHeldOutAnswers(run, 3)).toThrow(message);
  expect(() => readHeldOutAnswers(run, 3)).toThrow('step-000003.json');
});

test('a run keeps those of every evaluation, of the start and the end too; resumed, it keeps none from after its checkpoint', async () => {
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
  jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  const run = join(temporaryFolder(), 'run');
  const recipe = fakeRecipe({ evaluate: { every: 2 } });
  await trainRun(recipe, { output: run, evaluate: false }, fakeParts());
  expect(heldOutSteps(run)).toEqual([2, 4, 6]);
  const { answers } = readHeldOutAnswers(run, 4)!;
  expect(answers.map(({ prompt }) => prompt)).toEqual(Array.from({ length: 6 }, (_, i) => `blur-${i}`));
  expect(answers[0]).toMatchObject({ label: { task: 'degradation' }, total: expect.any(Number) });

  const end = join(run, 'held-out', 'step-000006.json');
  const before = readFileSync(end, 'utf8');
  await evaluateRun(run, readRunSettings(run), fakeParts());
  expect(heldOutSteps(run)).toEqual([0, 2, 4, 6]);
  expect(readFileSync(end, 'utf8')).toBe(before); // the same prompts, the same policy
  expect(readHeldOutAnswers(run, 0)!.answers.map(({ text }) => text)).not.toEqual(answers.map(({ text }) => text));

  writeHeldOutAnswers(run, 8, []);
  await trainRun(undefined, { output: run, resume: true, steps: '7', evaluate: false }, fakeParts());
  expect(heldOutSteps(run)).toEqual([0, 2, 4, 6]);
});
