import { readFileSync } from 'node:fs';
import { defineConfig } from 'tsup';

const entries = {
  core: { index: 'src/index.ts', 'tfjs/index': 'src/tfjs/index.ts', 'testing/index': 'src/invariants/index.ts' },
  rewards: {
    index: 'src/index.ts',
    'disk-cache/index': 'src/disk-cache/index.ts',
    'server/index': 'src/server/index.ts',
    'testing/index': 'src/testing/index.ts',
    'worker/index': 'src/worker/index.ts',
  },
  tensorflow: { index: 'src/index.ts' },
  trainer: { index: 'src/index.ts', 'cli/main': 'src/cli/main.ts' },
} as const;

interface Manifest {
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** tsup looks for externals in the root package.json only, so each workspace names its own. */
function externalsOf(name: string): string[] {
  const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8')) as Manifest;
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
}

export default defineConfig(
  Object.entries(entries).map(([name, entry]) => ({
    entry: Object.fromEntries(Object.entries(entry).map(([out, file]) => [out, `packages/${name}/${file}`])),
    outDir: `packages/${name}/dist`,
    external: externalsOf(name).flatMap((id) => [id, new RegExp(`^${id}/`)]),
    format: ['esm', 'cjs'],
    dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
    tsconfig: 'tsconfig.build.json',
    target: 'node20',
    splitting: true,
    shims: true, // import.meta.url in the CommonJS build
    sourcemap: true,
    clean: true,
  })),
);
