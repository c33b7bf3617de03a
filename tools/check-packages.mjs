// Checks the built packages as a user meets them: publint, attw, then pack -> install into an empty folder ->
// import as ESM, require as CJS, and compile against the types.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const packages = ['core', 'rewards', 'tensorflow', 'trainer'];
const run = (command, args, cwd = '.') => execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
const bin = (name) => resolve('node_modules/.bin', name);

for (const name of packages) {
  const folder = join('packages', name);
  console.log(`\n== @q-insight/${name}`);
  run(bin('publint'), ['--strict'], folder);
  run(bin('attw'), ['--pack', '.', '--profile', 'node16'], folder);
}

const consumer = mkdtempSync(join(tmpdir(), 'q-insight-consumer-'));
try {
  const tarballs = packages.map((name) => {
    const [packed] = JSON.parse(
      execFileSync('npm', ['pack', '--json', '--pack-destination', consumer], {
        cwd: join('packages', name),
        encoding: 'utf8',
      }),
    );
    return join(consumer, packed.filename);
  });
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  run(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      '--loglevel=error',
      ...tarballs,
      `typescript@${devDependencies.typescript}`,
      `@types/node@${devDependencies['@types/node']}`,
      `fast-check@${devDependencies['fast-check']}`,
    ],
    consumer,
  );

  const names = [
    '@q-insight/core',
    '@q-insight/core/testing',
    '@q-insight/core/tfjs',
    '@q-insight/rewards',
    '@q-insight/rewards/disk-cache',
    '@q-insight/rewards/server',
    '@q-insight/rewards/testing',
    '@q-insight/rewards/worker',
    '@q-insight/tensorflow',
    '@q-insight/trainer',
  ];
  const use = names.map((name, i) => `import * as m${i} from '${name}';`).join('\n');
  const probe = `${use}\nfor (const m of [${names.map((_, i) => `m${i}`)}]) if (Object.keys(m).length === 0) throw new Error('empty module');\n`;
  writeFileSync(join(consumer, 'esm.mts'), probe);
  writeFileSync(
    join(consumer, 'cjs.cts'),
    probe.replace(/import \* as (\w+) from '(.*)';/g, "import $1 = require('$2');"),
  );
  writeFileSync(
    join(consumer, 'tsconfig.json'),
    // TensorFlow.js's own declarations do not compile without skipLibCheck; ours must, so they are only skipped as a library.
    JSON.stringify({
      compilerOptions: {
        strict: true,
        module: 'nodenext',
        target: 'es2023',
        lib: ['es2023'],
        types: ['node'],
        skipLibCheck: true,
      },
      files: ['esm.mts', 'cjs.cts'],
    }),
  );
  run(join(consumer, 'node_modules/.bin/tsc'), [], consumer);
  run('node', ['esm.mjs'], consumer);
  run('node', ['cjs.cjs'], consumer);
  run(join(consumer, 'node_modules/.bin/q-insight'), ['--version'], consumer);
  console.log('\nPacked packages install, import, require and type-check.');
} finally {
  rmSync(consumer, { recursive: true, force: true });
}
