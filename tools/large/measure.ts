// A run in a process of its own, so that its peak is its own: measure.ts JSON, see Measurement. Prints what it took as JSON.
import ndarray from 'ndarray';
import { chooseBackend } from '../../packages/trainer/src/backends/choose-backend.js';
import { readConfig } from '../../packages/trainer/src/models/qwen2.5-vl/config.js';
import { openCheckpoint } from '../../packages/trainer/src/models/qwen2.5-vl/weights.js';
import { uploadParameters } from '../../packages/trainer/src/models/qwen2.5-vl/parameters.js';
import { readProcessor } from '../../packages/trainer/src/models/qwen2.5-vl/processor.js';
import { planMemory } from '../../packages/trainer/src/policies/tfjs/memory-plan.js';
import { createTfjsPolicy } from '../../packages/trainer/src/policies/tfjs/index.js';
import { promptOf } from './generate.js';

/** What to do. */
export interface Measurement {
  readonly checkpoint: string;
  readonly precision: 'fp32' | 'bf16';
  readonly matmulPrecision?: 'fp32' | 'bf16';
  /** 'load' brings the weights into memory; 'step' also samples, and trains an adapter for a step. */
  readonly what: 'load' | 'step';
  readonly groupSize: number;
  readonly prompts: number;
  readonly microBatch: number;
  readonly maxTokens: number;
  readonly train?: 'lora' | 'full';
}

/** What it took. */
export interface Measured {
  readonly startBytes: number;
  readonly loadSeconds: number;
  readonly loadPeakBytes: number;
  readonly peakBytes: number;
  readonly plannedBytes: number;
  readonly seconds: Readonly<Record<string, number>>;
  /** Highest so far after each part. */
  readonly peaks: Readonly<Record<string, number>>;
}

const options = JSON.parse(process.argv[2]!) as Measurement;
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;
const seconds: Record<string, number> = {};
const peaks: Record<string, number> = {};
const clock = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
  const start = performance.now();
  const result = await run();
  seconds[name] = (performance.now() - start) / 1000;
  peaks[name] = peakBytes();
  return result;
};

const backend = await chooseBackend();
const startBytes = process.memoryUsage().rss;
const config = await readConfig(options.checkpoint);
const { train = 'lora', matmulPrecision = 'fp32' } = options;

if (options.what === 'load') {
  const source = await openCheckpoint(options.checkpoint);
  await clock('load', () =>
    uploadParameters(config, source, () => (options.precision === 'bf16' ? 'float32' : undefined)),
  );
  report(peakBytes(), 0);
} else {
  const policy = await clock('load', () =>
    createTfjsPolicy({
      checkpoint: options.checkpoint,
      train,
      reference: true,
      seed: 's',
      precision: options.precision,
      matmulPrecision,
    }),
  );
  const loadPeak = peakBytes();
  const prompts = Array.from({ length: options.prompts }, (_, index) => promptOf(index));
  const { groupSize, maxTokens } = options;
  const groups = await clock('sample', () =>
    policy.sample(prompts, { groupSize, maxTokens, temperature: 1, seed: 'x' }),
  );
  const all = groups.flatMap((group, p) => group.map(({ tokens }) => ({ prompt: prompts[p]!, completion: tokens })));
  for (let start = 0; start < all.length; start += options.microBatch) {
    const batch = all.slice(start, start + options.microBatch);
    await clock('reference', () => policy.logprobs(batch, { weights: 'reference' }));
    await clock('update', () =>
      policy.forwardBackward(batch, (logps) => {
        return { loss: 0, gradient: ndarray(new Float32Array(logps.size).fill(0.01), logps.shape), metrics: {} };
      }),
    );
  }
  await clock('optimizer', () => policy.optimizerStep({ learningRate: 1e-5, maxGradientNorm: 1 }));
  const processor = await readProcessor(options.checkpoint, {}, config);
  const { inputIds, images } = processor.process(prompts[0]!);
  const plan = planMemory(config, {
    backend,
    train,
    precision: options.precision,
    matmulPrecision,
    freezeVision: true,
    reference: train === 'full',
    sampled: [{ prompts: options.prompts, groupSize }],
    groupSize,
    microBatch: options.microBatch,
    promptTokens: inputIds.length,
    maxTokens,
    imagePatches: images.map(({ grid: [frames, rows, columns] }) => frames * rows * columns),
  });
  report(loadPeak, plan.peak);
}
process.exit(0);

function report(loadPeakBytes: number, plannedBytes: number): void {
  const { load: loadSeconds = 0, ...rest } = seconds;
  const measured: Measured = {
    ...{ startBytes, loadSeconds, loadPeakBytes, peakBytes: peakBytes(), plannedBytes, seconds: rest, peaks },
  };
  console.log(JSON.stringify(measured));
}
