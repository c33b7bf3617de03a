import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { transformSync } from 'esbuild';
import * as trainer from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test("the README's example runs and prints an answer", async () => {
  const example = /```ts\n([^]*?)```/.exec(readme)![1]!;
  const { code } = transformSync(example, { loader: 'ts', supported: { 'top-level-await': true } });
  const body = code.replace(/import (\{[^}]*\}) from "[^"]+";/, 'const $1 = trainer;');
  const lines: string[] = [];
  const console = { log: (text: string) => lines.push(text) };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the README is ours, and running it is the point
  const run = new Function('trainer', 'console', `return (async () => {${body}})();`) as (
    ...names: object[]
  ) => Promise<void>;
  await run(trainer, console);
  expect(lines).toEqual([expect.stringMatching(/^<think>.*<\/think><answer>\{"rating": \d\.\d+\}<\/answer>$/)]);
});
