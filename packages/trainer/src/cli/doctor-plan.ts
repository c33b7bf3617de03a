import type { Override } from '../config/override.js';
import { checkOverridden, loadSettings } from '../config/load.js';
import { settingsSchema, type Settings } from '../config/schema.js';
import { readConfig } from '../models/qwen2.5-vl/config.js';
import { availableBytes, memoryRequest, planLines, promptOfSize, tooLarge } from './memory.js';
import { overridesOf, wholeNumber } from './options.js';

/** Flags that say which run is planned. */
export interface PlanOptions {
  readonly model?: string;
  readonly recipe?: string;
  readonly set?: readonly string[];
  readonly groupSize?: string;
  readonly prompts?: string;
  readonly microBatch?: string;
  readonly maxTokens?: string;
  readonly precision?: string;
  readonly matmulPrecision?: string;
  readonly promptTokens?: string;
  readonly images?: string;
  readonly imageSize?: string;
}

/** What the flags stand for among the settings. */
const SETTINGS = {
  model: ['--model', 'model', 'checkpoint'],
  groupSize: ['--group-size', 'grpo', 'groupSize'],
  prompts: ['--prompts', 'grpo', 'promptsPerStep'],
  microBatch: ['--micro-batch', 'grpo', 'microBatch'],
  maxTokens: ['--max-tokens', 'grpo', 'maxTokens'],
  precision: ['--precision', 'model', 'precision'],
  matmulPrecision: ['--matmul-precision', 'model', 'matmulPrecision'],
} as const;

/** A run as the flags describe it; what they leave open is the recipe's, or the default. */
export function plannedSettings(options: PlanOptions): Settings {
  const flags = Object.entries(SETTINGS).flatMap(([name, [flag, ...path]]): Override[] => {
    const text = options[name as keyof typeof SETTINGS];
    if (text === undefined) return [];
    const value = path[0] === 'model' ? text : wholeNumber(flag, text, 1);
    return [{ flag: `${flag} ${text}`, path, value }];
  });
  const overrides = [...overridesOf({ set: options.set ?? [] }), ...flags];
  if (options.recipe !== undefined) return loadSettings(options.recipe, overrides);
  const data = { kind: 'photos', folder: '.' }; // a plan has no data; the schema asks for some
  const bare = { data: { train: data, heldOut: data }, steps: 1 };
  return checkOverridden(settingsSchema, bare, overrides, () => 'doctor');
}

function sizeOf(text: string): { width: number; height: number } {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (width === undefined || height === undefined) {
    throw new Error(`--image-size: expected WIDTHxHEIGHT in pixels, got '${text}'`);
  }
  return { width: Number(width), height: Number(height) };
}

/** What a run would take here, before its model is loaded. */
export async function planCheck(
  settings: Settings,
  { promptTokens = '128', images = '1', imageSize = '448x448' }: PlanOptions,
): Promise<{ ok: boolean; text: string }> {
  const { chooseBackend } = await import('../backends/choose-backend.js');
  const { planMemory } = await import('../policies/tfjs/memory-plan.js');
  const pictures = Array<ReturnType<typeof sizeOf>>(wholeNumber('--images', images, 0)).fill(sizeOf(imageSize));
  const text = wholeNumber('--prompt-tokens', promptTokens, 1);
  const size = await promptOfSize(settings.model, text, pictures);
  const backend = await chooseBackend(() => undefined);
  const request = memoryRequest(settings, size, backend);
  const plan = planMemory(await readConfig(settings.model.checkpoint), request);
  const available = await availableBytes(backend);
  const { grpo, model } = settings;
  const types = model.matmulPrecision === 'bf16' ? 'kept and multiplied in bf16' : model.precision;
  const run =
    `${model.train}, ${types}, ${grpo.promptsPerStep} prompts of ${size.promptTokens} tokens x ` +
    `${grpo.groupSize} answers of ${grpo.maxTokens}, micro-batch ${grpo.microBatch}`;
  const problem = tooLarge(plan, request, available);
  const lines = [`to train it (${run}):`, ...planLines(plan, available), ...(problem ? [problem] : [])];
  return { ok: problem === undefined, text: lines.join('\n') };
}
