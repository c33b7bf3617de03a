/**
 * Serves a tiny model and lets the official Python SDK of Tinker drive it, in two versions: npm run test:tinker-sdk
 *
 * Each version gets a virtual environment of its own in .venv-tinker, from PyPI (6 GB each, as torch is one of the packages; PYTHON
 * names the Python), unless TINKER_PYTHONS names Pythons that have one, with a comma between them.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeImage } from '../../packages/trainer/src/images/decode.js';
import { processImage } from '../../packages/trainer/src/models/qwen2.5-vl/image-processor.js';
import { readProcessor } from '../../packages/trainer/src/models/qwen2.5-vl/processor.js';
import { serveModel } from '../../packages/trainer/src/serve-model/index.js';

const VERSIONS = ['0.38.0', '0.25.0'];
const GOLDEN = 'packages/trainer/test/golden/vlm';
const IMAGE = `${GOLDEN}/images/exact.png`;
const KEY = 'tml-conformance';

function install(version: string): string {
  const folder = `.venv-tinker/${version}`;
  const python = `${folder}/bin/python`;
  if (!existsSync(python))
    execFileSync(process.env['PYTHON'] ?? 'python3', ['-m', 'venv', folder], { stdio: 'inherit' });
  // also where there is an environment: it may have been left half done
  const packages = [`tinker==${version}`, 'torch', 'numpy'];
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'inherit' });
  return python;
}

const checkpoint = `${GOLDEN}/tied_fp32`;
const { image } = await readProcessor(checkpoint);
const { grid } = processImage(await decodeImage(IMAGE), image);
const tokens = (grid[1] * grid[2]) / image.mergeSize ** 2;
const pythons = process.env['TINKER_PYTHONS']?.split(',') ?? VERSIONS.map(install);

let failed = false;
for (const python of pythons) {
  const { stdout } = spawnSync(python, ['-c', 'import tinker; print(tinker.__version__)'], { encoding: 'utf8' });
  console.log(`\ntinker ${stdout.trim()} (${python})`);
  const checkpoints = mkdtempSync(join(tmpdir(), 'served-'));
  const server = await serveModel(checkpoint, { port: 0, name: 'tiny', key: KEY, checkpoints, context: 1024 });
  const child = spawn(python, ['tools/tinker-sdk/check.py', server.url, KEY, IMAGE, String(tokens)], {
    stdio: 'inherit',
    env: { ...process.env, TINKER_TELEMETRY: '0' },
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  failed ||= code !== 0;
  await server.close();
  rmSync(checkpoints, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
