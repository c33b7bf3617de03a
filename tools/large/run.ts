// Loads generated checkpoints of 2.4 and 2.6 GB, trains a smaller one for a step, and compares peaks of memory with bars and
// plans. Needs `q-insight setup`, 4 GB of memory and 3 GB of disk in the temporary folder. npm run test:large
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configOf, generateCheckpoint, MIDDLE, type Sizes } from './generate.js';
import type { Measured, Measurement } from './measure.js';

/** Peak of loading over the weights' bytes, the process included. */
const LOAD_BAR = 1.3;
/** How far a measured peak may be from its plan, either way. */
const PLAN_FACTOR = 1.5;

const OF_3B: Sizes = {
  ...{ vocabulary: 151_936, hidden: 2048, intermediate: 11_008, heads: 16, keyHeads: 2, layers: 11, visionLayers: 4 },
};
/** One tensor of 2.25 GB, more than 2^31 bytes. */
const TALL: Sizes = {
  ...{ vocabulary: 1_100_000, hidden: 1024, intermediate: 1024, heads: 8, keyHeads: 2, layers: 1, visionLayers: 1 },
};

const root = mkdtempSync(path.join(tmpdir(), 'q-insight-large-'));
process.once('exit', () => rmSync(root, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const failures: string[] = [];

function measure(options: Partial<Measurement> & Pick<Measurement, 'checkpoint' | 'precision' | 'what'>): Measured {
  const all: Measurement = { groupSize: 8, prompts: 2, microBatch: 8, maxTokens: 32, ...options };
  const args = ['--conditions=@q-insight/source', '--import', 'tsx', path.join(import.meta.dirname, 'measure.ts')];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...args, JSON.stringify(all)], {
    encoding: 'utf8',
    env: { ...process.env, Q_INSIGHT_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3' },
  });
  if (status !== 0) throw new Error(`${options.checkpoint}: the measurement failed:\n${stderr}`);
  return JSON.parse(stdout) as Measured;
}

function say(name: string, ratio: number, [low, high]: readonly [number, number], text: string): void {
  const ok = ratio >= low && ratio <= high;
  if (!ok) failures.push(name);
  console.log(`${ok ? 'ok ' : 'BAD'} ${name}: ${text}`);
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;

async function checkLoading(name: string, sizes: Sizes): Promise<void> {
  const checkpoint = path.join(root, 'loading');
  const weights = await generateCheckpoint(checkpoint, await configOf(sizes));
  const { loadSeconds, loadPeakBytes } = measure({ checkpoint, precision: 'bf16', what: 'load' });
  rmSync(checkpoint, { recursive: true });
  const ratio = loadPeakBytes / weights;
  const speed = weights / 1e9 / loadSeconds;
  const text = `${gigabytes(weights)} in ${loadSeconds.toFixed(1)} s (${speed.toFixed(2)} GB/s), peak ${ratio.toFixed(2)} times the weights`;
  say(`load ${name}`, ratio, [0, LOAD_BAR], text);
}

function checkPlan(name: string, options: Parameters<typeof measure>[0]): void {
  const { peakBytes, plannedBytes, seconds } = measure(options);
  const ratio = peakBytes / plannedBytes;
  const times = Object.entries(seconds).map(([part, took]) => `${part} ${took.toFixed(1)} s`);
  const text = `peak ${gigabytes(peakBytes)}, planned ${gigabytes(plannedBytes)}: ${ratio.toFixed(2)}; ${times.join(', ')}`;
  say(`plan ${name}`, ratio, [1 / PLAN_FACTOR, PLAN_FACTOR], text);
}

await checkLoading('a 3B layout', OF_3B);
await checkLoading('a tensor over 2 GiB', TALL);
checkPlan('the tiny model', {
  ...{ checkpoint: 'examples/tiny/checkpoint', precision: 'fp32', what: 'step', microBatch: 16, maxTokens: 48 },
});
const middle = path.join(root, 'middle');
await generateCheckpoint(middle, await configOf(MIDDLE));
checkPlan('240 M parameters in float32', { checkpoint: middle, precision: 'fp32', what: 'step' });
const bfloat16 = { checkpoint: middle, precision: 'bf16', what: 'step' } as const;
checkPlan('240 M parameters in bfloat16', bfloat16);
checkPlan('240 M parameters multiplied in bfloat16', { ...bfloat16, matmulPrecision: 'bf16' });
if (failures.length > 0) {
  console.error(`failed: ${failures.join(', ')}`);
  process.exitCode = 1;
}
