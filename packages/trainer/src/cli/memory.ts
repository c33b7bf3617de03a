import { totalmem } from 'node:os';
import type { BackendName } from '../backends/choose-backend.js';
import type { Settings } from '../config/schema.js';
import type { Prompt } from '../data/prompt.js';
import type { Processor } from '../models/qwen2.5-vl/processor.js';
import type { Grid } from '../models/qwen2.5-vl/rope.js';
import type { MemoryPlan, MemoryRequest } from '../policies/tfjs/memory-plan.js';
import { lossOptions } from '../training/loss-options.js';

/** One prompt, as far as memory is concerned. */
export interface PromptSize {
  /** Those of its images included. */
  readonly promptTokens: number;
  /** Patches of each image. */
  readonly imagePatches: readonly number[];
}

/** What of the settings decides the memory. */
export type MemorySettings = Pick<Settings, 'model' | 'grpo' | 'sampler' | 'evaluate'>;

/** The question to the planner that a run's settings make. */
export function memoryRequest(settings: MemorySettings, size: PromptSize, backend: BackendName): MemoryRequest {
  const { model, grpo, sampler, evaluate } = settings;
  const here = [
    { prompts: grpo.promptsPerStep, groupSize: grpo.groupSize },
    { prompts: evaluate.batch, groupSize: evaluate.samples },
  ];
  return {
    backend,
    train: model.train,
    precision: model.precision,
    matmulPrecision: model.matmulPrecision,
    lora: model.lora,
    freezeVision: model.freezeVision || model.train === 'lora',
    reference: lossOptions(grpo).beta > 0 && (model.train === 'full' || grpo.referenceSync !== undefined),
    sampled: sampler.kind === 'policy' ? here : [],
    groupSize: grpo.groupSize,
    microBatch: grpo.microBatch,
    maxTokens: grpo.maxTokens,
    ...size,
  };
}

const patchesOf = ([frames, rows, columns]: Grid): number => frames * rows * columns;

/** How large a prompt is for a checkpoint. */
function measurePrompt(processor: Processor, prompt: Prompt): PromptSize {
  const { inputIds, grids } = processor.tokenize(prompt);
  return { promptTokens: inputIds.length, imagePatches: grids.map(patchesOf) };
}

/** Bytes that a run may take here: of the GPU, where TensorFlow has one, else of the machine or its control group. */
export async function availableBytes(backend: BackendName): Promise<number> {
  if (backend === 'tensorflow') {
    const { startTensorflow } = await import('@q-insight/tensorflow');
    const gpu = (await startTensorflow()).binding.devices().find(({ type }) => type === 'GPU');
    if (gpu !== undefined) return gpu.memoryBytes;
  }
  const free = Math.min(process.availableMemory(), totalmem());
  return backend === 'wasm' ? Math.min(free, 2 ** 32) : free; // wasm addresses 4 GiB
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;

/** A prompt of some text and images, as a checkpoint scales them. */
export async function promptOfSize(
  model: Settings['model'],
  textTokens: number,
  images: readonly { readonly width: number; readonly height: number }[],
): Promise<PromptSize> {
  const { imageGrid, readImageProcessor, tokenCount } = await import('../models/qwen2.5-vl/image-processor.js');
  const processor = await readImageProcessor(model.checkpoint, model);
  const grids = images.map((image, i) => imageGrid({ name: `image ${i + 1}`, ...image }, processor));
  const imageTokens = grids.reduce((sum, grid) => sum + tokenCount(grid, processor.mergeSize), 0);
  return { promptTokens: textTokens + imageTokens, imagePatches: grids.map(patchesOf) };
}

/** A plan as lines: what lasts, what passes, and the peak beside what there is. */
export function planLines({ lasting, passing, peak }: MemoryPlan, available: number): string[] {
  const parts = [...lasting, ...passing.map(({ name, bytes }) => ({ name: `${name} (passing)`, bytes }))];
  const line = (name: string, bytes: number) => `  ${name.padEnd(32)}${gigabytes(bytes).padStart(9)}`;
  return [
    ...parts.map(({ name, bytes }) => line(name, bytes)),
    `${line('at most together', peak)} of ${gigabytes(available)} available`,
  ];
}

/** The largest parts of a plan and what would make them smaller; undefined when it fits. */
export function tooLarge(plan: MemoryPlan, request: MemoryRequest, available: number): string | undefined {
  if (plan.peak <= available) return undefined;
  const largest = [...plan.lasting, ...plan.passing].sort((a, b) => b.bytes - a.bytes).slice(0, 3);
  const parts = largest.map(({ name, bytes }) => `${name} ${gigabytes(bytes)}`).join(', ');
  const ways = [
    ...(request.train === 'full' ? ['model.train: lora'] : []),
    ...(request.precision === 'fp32' && request.backend === 'tensorflow' ? ['model.precision: bf16'] : []),
    ...(request.microBatch > 1 ? ['a smaller grpo.microBatch'] : []),
    ...(request.imagePatches.length > 0 ? ['a smaller model.maxPixels'] : []),
  ];
  return (
    `the run needs about ${gigabytes(plan.peak)}, ${gigabytes(available)} are available (${parts}); ` +
    `less takes ${[...ways, 'a smaller grpo.groupSize or grpo.maxTokens'].join(', ')}`
  );
}

/**
 * Refuses a run that this machine has too little memory for, before anything is loaded.
 *
 * @param prompt - one of the run's prompts; others are taken to be as large
 * @throws Error naming what is needed, what is there, the largest parts, and what would take less.
 */
export async function checkMemory(settings: MemorySettings, processor: Processor, prompt: Prompt): Promise<void> {
  const { chooseBackend } = await import('../backends/choose-backend.js');
  const { readConfig } = await import('../models/qwen2.5-vl/config.js');
  const { planMemory } = await import('../policies/tfjs/memory-plan.js');
  const backend = await chooseBackend();
  const request = memoryRequest(settings, measurePrompt(processor, prompt), backend);
  const plan = planMemory(await readConfig(settings.model.checkpoint), request);
  const problem = tooLarge(plan, request, await availableBytes(backend));
  if (problem !== undefined) throw new Error(`train: ${problem}; go on all the same with --no-memory-check`);
}
