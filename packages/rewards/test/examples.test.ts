import { expect, test } from '@jest/globals';
import { transformSync } from 'esbuild';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import * as api from '../src/index.js';
import * as testing from '../src/testing/index.js';
import { SCORE_LABEL, sampleOf } from './samples.js';

const SOURCES = new URL('../src/', import.meta.url);
const FILES = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

interface Example {
  readonly title: string;
  readonly code: string;
}

/** The examples in the comments of every source file. */
const EXAMPLES: Example[] = FILES.flatMap((file) => {
  const source = readFileSync(new URL(file, SOURCES), 'utf8');
  return Array.from(source.matchAll(/@example\n \* ```ts\n([^]*?) \* ```/g), (match, index) => ({
    title: `${file} ${index + 1}`,
    code: match[1]!.replace(/^ \* ?/gm, ''),
  }));
});

/** Every export of every file, for the examples of functions that the package keeps to itself. */
const EVERYTHING: Record<string, unknown> = {};
for (const file of FILES) Object.assign(EVERYTHING, await import(`../src/${file.replace(/\.ts$/, '.js')}`));

const SAMPLE = {
  ...sampleOf('<think>a</think><answer>{"rating": 3.5}</answer>', SCORE_LABEL),
  completionIds: new Array<number>(99).fill(0),
};

/** What examples take for granted. */
const GIVEN = {
  ...api,
  ...testing,
  fc,
  sample: SAMPLE,
  samples: [SAMPLE],
  rewards: api.qInsightRewards(),
  myReward: api.scoreReward(),
  test: async (_: string, law: () => Promise<void>) => law(),
  console: { log: () => undefined },
};

/** Examples that need a server, a module or a browser to run, that leave a file, or that wait for Ctrl-C. */
const NOT_RUN = /workerReward|localhost|diskCache|closeOnSignals/;

/** `expression; // value` at the end of a line, the value being a number, a text, or an object as it is written. */
const CLAIM = /^(?!const |if )([^/\s].*?); \/\/ (-?[\d.]+|'.*'|\{.*\}|value: .*)$/gm;

test('there are examples, and values they claim', () => {
  expect(EXAMPLES.length).toBeGreaterThan(50);
  expect(EXAMPLES.flatMap(({ code }) => code.match(CLAIM) ?? []).length).toBeGreaterThan(20);
});

test.each(EXAMPLES.filter(({ code }) => !NOT_RUN.test(code)).map((e) => [e.title, e.code] as const))(
  '%s',
  async (_, code) => {
    const given = { ...EVERYTHING, ...GIVEN };
    const claims: [unknown, unknown][] = [];
    const checked = code
      .replace(/\{ … \}/g, '{}')
      .replace(/, … \}/g, ' }')
      .replace(CLAIM, (_line, expression: string, value: string) => {
        const expected = value.startsWith('value: ') ? `{ ${value} }` : value;
        return `claim(${expression}, (${expected}));`;
      });
    const { code: script } = transformSync(checked, { loader: 'ts', supported: { 'top-level-await': true } });
    const names = Object.keys(given).filter(
      (name) => !new RegExp(`\\b(?:const|let) (?:\\[|\\{)?.*\\b${name}\\b.* =`).test(script),
    );
    const claim = (actual: unknown, expected: unknown): unknown => claims.push([actual, expected]);
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the examples are ours, and running them is the point
    const run = new Function('claim', ...names, `return (async () => {${script}})();`) as (
      ...scope: unknown[]
    ) => Promise<void>;
    await run(claim, ...names.map((name) => given[name as keyof typeof given]));
    for (const [actual, expected] of claims) {
      if (typeof expected === 'object') expect(await actual).toMatchObject(expected as object);
      else expect(await actual).toEqual(expected);
    }
  },
);
