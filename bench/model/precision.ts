// A GRPO step of 240 million parameters with frozen weights in float32, in bfloat16, and multiplied in bfloat16, in turns:
// precision.ts [ROUNDS]. Needs `q-insight setup`, 4 GB of memory and 0.5 GB of disk.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ndarray from 'ndarray';
import { configOf, generateCheckpoint, MIDDLE, promptOf } from '../../tools/large/generate.js';
import { chooseBackend } from '../../packages/trainer/src/backends/choose-backend.js';
import { createTfjsPolicy } from '../../packages/trainer/src/policies/tfjs/index.js';

type Precision = 'fp32' | 'bf16';
const WAYS: readonly (readonly [name: string, precision: Precision, matmulPrecision: Precision])[] = [
  ['float32', 'fp32', 'fp32'],
  ['kept in bfloat16', 'bf16', 'fp32'],
  ['kept and multiplied in bfloat16', 'bf16', 'bf16'],
];
const STEPS = 3;

const prompts = [promptOf(0), promptOf(1)];

/** One line: the least seconds of each part after a first step that compiles, and the peak of memory. */
async function measure(checkpoint: string, [name, precision, matmulPrecision]: (typeof WAYS)[number]): Promise<string> {
  await chooseBackend();
  const policy = await createTfjsPolicy({ checkpoint, train: 'lora', precision, matmulPrecision, seed: 's' });
  const least: Record<string, number> = {};
  const clock = async <T>(part: string, step: number, run: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await run();
    if (step > 0) least[part] = Math.min(least[part] ?? Infinity, (performance.now() - start) / 1000);
    return result;
  };
  for (let step = 0; step <= STEPS; step++) {
    const sampling = { groupSize: 8, maxTokens: 48, temperature: 1, seed: `${step}` };
    const groups = await clock('sampling', step, () => policy.sample(prompts, sampling));
    const sequences = groups.flatMap((group, p) =>
      group.map(({ tokens }) => ({ prompt: prompts[p]!, completion: tokens })),
    );
    await clock('reference', step, () => policy.logprobs(sequences, { weights: 'reference' }));
    await clock('forward and backward', step, () =>
      policy.forwardBackward(sequences, (logps) => {
        const gradient = ndarray(new Float32Array(logps.size).fill(0.01), logps.shape);
        return { loss: 0, gradient, metrics: {} };
      }),
    );
    await policy.optimizerStep({ learningRate: 1e-5, maxGradientNorm: 1 });
  }
  const parts = Object.entries(least).map(([part, seconds]) => `${part} ${seconds.toFixed(2)} s`);
  return `${name}: ${parts.join(', ')}, peak ${(process.resourceUsage().maxRSS / 1e6).toFixed(2)} GB`;
}

const [first = '2', way] = process.argv.slice(2);
if (way !== undefined) {
  console.log(await measure(first, WAYS[Number(way)]!));
  process.exit(0);
}
const checkpoint = mkdtempSync(path.join(tmpdir(), 'q-insight-precision-'));
process.once('exit', () => rmSync(checkpoint, { recursive: true, force: true }));
await generateCheckpoint(checkpoint, await configOf(MIDDLE));
for (let round = 0; round < Number(first); round++)
  for (const index of WAYS.keys()) {
    const { status } = spawnSync(process.execPath, [...process.execArgv, process.argv[1]!, checkpoint, `${index}`], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, Q_INSIGHT_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3' },
    });
    if (status !== 0) process.exitCode = 1;
  }
