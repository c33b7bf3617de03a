import { describe, expect, test } from '@jest/globals';
import { transformSync } from 'esbuild';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import ndarray from 'ndarray';
import * as core from '../src/index.js';
import * as laws from '../src/invariants/index.js';

/** Every `@example` block of the sources: the file it is in, and its code. */
const folder = new URL('../src/', import.meta.url);
const examples = (readdirSync(folder, { recursive: true }) as string[])
  .filter((file) => file.endsWith('.ts') && !file.startsWith('tfjs'))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(
      (match) => [file, match[1]!.replaceAll(/^ \* ?/gm, '')] as const,
    );
  });

/** The numbers of a comment such as `// advantages: [1, -0.5]` or `// 0.8187`; undefined when it says something else. */
function promised(comment: string): number[] | undefined {
  const value = comment
    .replace(/^\w+(\.\w+)*: /, '')
    .replace(/^log \S+ = /, '')
    .replace(/^-e\S+ = /, '')
    .replace(/^-exp\(.*\) = /, '');
  const list = /^\[[-\d., e]+\]/.exec(value)?.[0] ?? /^-?\d+(\.\d+)?/.exec(value)?.[0];
  return list === undefined ? undefined : list.replaceAll(/[[\]]/g, '').split(',').map(Number);
}

/** Rounded as the comment is, since four digits say enough there. */
function numbersOf(value: unknown): number[] | undefined {
  if (typeof value === 'number') return [value];
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return Array.from(value as ArrayLike<number>);
  return undefined;
}

describe('examples in the documentation', () => {
  test('there is one for every function', () => expect(examples.length).toBeGreaterThan(50));

  test.each(examples)('%s', (_, code) => {
    const lines = code.trim().split('\n');
    const last = lines.findLastIndex((line) => line.trim() !== '' && !line.trim().startsWith('//'));
    const [statement, trailing] = (lines[last] ?? '').split(/ \/\/ /) as [string, string | undefined];
    const isExpression = !/^(const|let|fc\.)/.test(statement) && !statement.startsWith('}');
    const body = [...lines.slice(0, last), isExpression ? `return ${statement}` : statement].join('\n');
    const js = transformSync(`export function example() {\n${body}\n}`, { loader: 'ts', format: 'cjs' }).code;
    const scope = { ...core, ...laws, fc, ndarray };
    const module: { exports: { example?: () => unknown } } = { exports: {} };
    // the code is this repository's own documentation
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
    new Function('module', ...Object.keys(scope), js)(module, ...Object.values(scope));
    const result = module.exports.example!();
    const expected = trailing === undefined ? undefined : promised(trailing);
    const actual = numbersOf(result);
    if (!isExpression || expected === undefined || actual === undefined) return;
    expect(actual).toHaveLength(expected.length);
    actual.forEach((value, i) =>
      expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(5e-4 * (1 + Math.abs(value))),
    );
  });
});
