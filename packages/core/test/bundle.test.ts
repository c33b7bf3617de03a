import { expect, test } from '@jest/globals';
import { buildSync } from 'esbuild';
import { fileURLToPath } from 'node:url';

test('the whole of core, dependencies included, bundles for browsers into less than 60 kB', () => {
  const { outputFiles, metafile } = buildSync({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser', // an import of a Node module would not resolve
    write: false,
    metafile: true,
    external: ['crypto'], // seedrandom asks for it inside a try, for seeds it makes itself; core always gives one
  });
  expect(outputFiles[0]!.contents.length).toBeLessThan(60_000);
  const packages = Object.keys(metafile.inputs).flatMap((path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? []);
  // ndarray brings its two helpers
  expect([...new Set(packages)].sort()).toEqual(['iota-array', 'is-buffer', 'ndarray', 'seedrandom']);
});
