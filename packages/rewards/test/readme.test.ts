import { expect, test } from '@jest/globals';
import { transformSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import * as rewards from '../src/index.js';
import * as server from '../src/server/index.js';
import * as testing from '../src/testing/index.js';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const EXAMPLES = Array.from(README.matchAll(/```ts\n([^]*?)```/g), (match) => match[1]!);
const MODULES: Record<string, object> = {
  '@q-insight/rewards': rewards,
  '@q-insight/rewards/testing': testing,
  '@q-insight/rewards/server': server,
};

/** What the example prints, one text a call: texts as they are, all else as JSON. */
async function printed(example: string): Promise<string[]> {
  const { code } = transformSync(example, { loader: 'ts', supported: { 'top-level-await': true } });
  const body = code.replace(/import (\{[^}]*\}) from "([^"]+)";/g, 'const $1 = modules["$2"];');
  const lines: string[] = [];
  const console = { log: (value: unknown) => lines.push(typeof value === 'string' ? value : JSON.stringify(value)) };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the README is ours, and running it is the point
  const run = new Function('modules', 'console', `return (async () => {${body}})();`) as (
    modules: object,
    console: object,
  ) => Promise<void>;
  await run(MODULES, console);
  return lines;
}

test('the README has examples', () => {
  expect(EXAMPLES).toHaveLength(6);
});

test.each(EXAMPLES.map((example, i) => [i + 1, example] as const))(
  'example %d prints what it says',
  async (_, example) => {
    const said = Array.from(example.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm), (match) => match[1]!);
    expect(said.length).toBeGreaterThan(0);
    expect(await printed(example)).toEqual(said);
  },
);

test('the table names every reward', () => {
  const factories = Object.keys(rewards).filter(
    (name) => /Rewards?$/.test(name) && !['isBatchReward', 'runRewards'].includes(name),
  );
  expect(factories.filter((name) => !README.includes(`\`${name}\``))).toEqual([]);
});
