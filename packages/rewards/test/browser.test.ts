import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

const bundle = async (entry: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../src/${entry}`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'rewards',
    platform: 'browser',
    conditions: ['@q-insight/source'],
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
};

test('the main entry bundles for a browser, and runs with what a browser has', async () => {
  // neither process, require nor Buffer
  const context = createContext({ performance, AbortController, AbortSignal, setTimeout, clearTimeout });
  runInContext(await bundle('index.ts'), context);
  const totals: unknown = await runInContext(
    `(async () => {
      const label = { task: 'score', score: 3 };
      const sample = { id: '1', group: 'a', completion: '<think>a</think><answer>{"rating": 3}</answer>', label };
      const slow = { name: 'slow', range: [0, 1], score: () => new Promise(() => {}) };
      const options = { timeout: 5, onError: 'null' };
      return JSON.stringify((await rewards.runRewards([sample], [...rewards.qInsightRewards(), slow], options)).totals);
    })()`,
    context,
  );
  expect(totals).toBe('[2]');
});

test('that test can fail: the worker entry does not bundle', async () => {
  await expect(bundle('worker/index.ts')).rejects.toThrow('node:worker_threads');
});
