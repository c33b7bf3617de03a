import type { BackendName } from '../../backends/choose-backend.js';
import { loraModules, loraShape, type LoraOptions } from '../../models/lora.js';
import {
  decoderLayerValues,
  visionBlockValues,
  whatToKeep,
  type BatchShape,
  type PatchCounts,
} from '../../models/qwen2.5-vl/activations.js';
import type { Qwen25VlConfig } from '../../models/qwen2.5-vl/config.js';
import { CHUNK_VALUES } from '../../models/qwen2.5-vl/logprobs.js';
import type { TensorSpec } from '../../models/safetensors.js';
import { expectedTensors } from '../../models/qwen2.5-vl/tensors.js';

/** What decides the memory of a run, besides the model. */
export interface MemoryRequest {
  readonly backend: BackendName;
  readonly train: 'lora' | 'full';
  readonly precision: 'fp32' | 'bf16';
  readonly matmulPrecision: 'fp32' | 'bf16';
  readonly lora?: LoraOptions;
  readonly freezeVision: boolean;
  /** Whether the reference has weights of its own. */
  readonly reference: boolean;
  /** Batches that are sampled here, in training and evaluation; none where another engine samples. */
  readonly sampled: readonly { readonly prompts: number; readonly groupSize: number }[];
  readonly groupSize: number;
  /** Completions that go through the model together. */
  readonly microBatch: number;
  /** Of one prompt, those of its images included. */
  readonly promptTokens: number;
  readonly maxTokens: number;
  /** Patches of each image of one prompt. */
  readonly imagePatches: readonly number[];
}

/** A part of a plan. */
export interface MemoryPart {
  readonly name: string;
  readonly bytes: number;
}

/** What a run is going to take. */
export interface MemoryPlan {
  /** There from the start to the end. */
  readonly lasting: readonly MemoryPart[];
  /** Come one after the other. */
  readonly passing: readonly MemoryPart[];
  /** All that lasts and the largest that passes. */
  readonly peak: number;
}

/** Node, the library and its programs, as measured with a model of a megabyte. */
const PROCESS_BYTES: Readonly<Record<BackendName, number>> = { tensorflow: 760e6, wasm: 190e6, cpu: 190e6 };

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/**
 * The memory of a GRPO run, from the model's config alone.
 *
 * @example
 * const plan = planMemory(await readConfig(folder), request);
 * console.log(`${(plan.peak / 2 ** 30).toFixed(1)} GB`);
 */
export function planMemory(config: Qwen25VlConfig, request: MemoryRequest): MemoryPlan {
  const sizes = modelSizes(config, request);
  const lasting = [
    { name: 'process and library', bytes: PROCESS_BYTES[request.backend] },
    { name: 'weights', bytes: 4 * sizes.wide + 2 * sizes.narrow },
    ...(request.train === 'lora' ? [{ name: 'adapter', bytes: 4 * sizes.trained }] : []),
    { name: 'reference', bytes: request.reference ? 4 * sizes.trained : 0 },
    { name: 'gradients', bytes: 4 * sizes.trained },
    { name: "optimizer's moments", bytes: 8 * sizes.trained },
  ];
  const passing = [
    { name: 'reading a tensor', bytes: 4 * sizes.largestWide },
    ...imageParts(config, request),
    ...samplingParts(config, request, sizes.language),
    ...updateParts(config, request),
    { name: 'optimizer step', bytes: 12 * (request.backend === 'tensorflow' ? sizes.trained : sizes.largestTrained) },
  ];
  const peak = sum(lasting.map(({ bytes }) => bytes)) + Math.max(...passing.map(({ bytes }) => bytes));
  return { lasting, passing, peak };
}

/** Values of the model, and of what is trained of it. */
function modelSizes(config: Qwen25VlConfig, { train, precision, lora, freezeVision }: MemoryRequest) {
  const tensors = expectedTensors(config).map((spec) => ({ ...spec, size: product(spec.shape) }));
  const isVision = ({ name }: { readonly name: string }) => name.startsWith('model.visual.');
  const whole = train === 'lora' ? [] : tensors.filter((tensor) => !freezeVision || !isVision(tensor));
  const narrow = tensors.filter((one) => precision === 'bf16' && one.shape.length > 1 && !whole.includes(one));
  const wide = tensors.filter((tensor) => !narrow.includes(tensor));
  const trained = train === 'full' ? whole.map(({ size }) => size) : adapterSizes(tensors, lora);
  const sizes = (some: readonly { readonly size: number }[]) => some.map(({ size }) => size);
  return {
    wide: sum(sizes(wide)),
    narrow: sum(sizes(narrow)),
    largestWide: Math.max(...sizes(wide)),
    language: sum(sizes(tensors.filter((tensor) => !isVision(tensor) && tensor.shape.length > 1))),
    trained: sum(trained),
    largestTrained: Math.max(...trained),
  };
}

function adapterSizes(tensors: readonly TensorSpec[], lora: LoraOptions = {}): number[] {
  const shapes = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const shape = loraShape(lora);
  return loraModules(shapes, shape).map((name) => shape.rank * sum(shapes.get(`${name}.weight`)!.shape));
}

/** The vision tower over all images of a step at once. */
function imageParts({ vision }: Qwen25VlConfig, request: MemoryRequest): MemoryPart[] {
  const { imagePatches, sampled, groupSize, microBatch } = request;
  if (imagePatches.length === 0) return [];
  const prompts = Math.max(...sampled.map((batch) => batch.prompts), Math.ceil(microBatch / groupSize));
  const counts = patchCounts(imagePatches, prompts);
  const pixels = counts.patches * vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2;
  return [{ name: 'images', bytes: 4 * (2 * pixels + visionBlockValues(counts, vision).forward) }];
}

const patchCounts = (imagePatches: readonly number[], prompts: number): PatchCounts => ({
  patches: prompts * sum(imagePatches),
  squares: prompts * sum(imagePatches.map((patches) => patches ** 2)),
});

/** Keys and values, the pass over the prompts, and the logits that tokens are drawn from. */
function samplingParts({ text }: Qwen25VlConfig, request: MemoryRequest, language: number): MemoryPart[] {
  const { sampled, promptTokens, maxTokens, train, precision, matmulPrecision } = request;
  // A copy of the matrices: merged with the adapter, or turned by XLA for the loop. Of bfloat16, XLA makes two, but for its own products.
  const ofNarrow = matmulPrecision === 'bf16' ? 0 : 2 * language;
  const copied = train === 'lora' && precision === 'bf16' ? ofNarrow : language;
  const perToken = 2 * text.numKeyValueHeads * text.headDim * text.numHiddenLayers;
  const batches = sampled.map(({ prompts, groupSize }) => {
    const rows = prompts * groupSize;
    const shape = { prompts, promptLength: promptTokens, groupSize: 1, completionLength: 0 };
    const prefill = decoderLayerValues(shape, text).forward;
    const tails = 2 * rows * maxTokens * perToken; // before and after a step
    const drawing = 6 * rows * text.vocabSize;
    return copied + prompts * promptTokens * perToken + Math.max(prefill, tails + drawing);
  });
  return batches.length === 0 ? [] : [{ name: 'sampling', bytes: 4 * Math.max(...batches) }];
}

/** The passes over a micro-batch: what is kept for the way back, one layer at work, and the vocabulary's chunk. */
function updateParts({ text, vision }: Qwen25VlConfig, request: MemoryRequest): MemoryPart[] {
  const { microBatch, groupSize, promptTokens, maxTokens, imagePatches, freezeVision } = request;
  const shape: BatchShape = {
    prompts: Math.ceil(microBatch / groupSize),
    promptLength: promptTokens,
    groupSize: Math.min(microBatch, groupSize),
    completionLength: maxTokens - 1,
  };
  const rows = shape.prompts * (promptTokens + shape.groupSize * shape.completionLength);
  const layer = decoderLayerValues(shape, text);
  const ofEachLayer = whatToKeep(shape, text) === 'everything' ? layer.kept : rows * text.hiddenSize;
  const kept = ofEachLayer * text.numHiddenLayers + layer.kept;
  const chunk = 5 * Math.min(CHUNK_VALUES, shape.prompts * shape.groupSize * maxTokens * text.vocabSize);
  const tower = freezeVision ? 0 : towerValues(vision, patchCounts(imagePatches, shape.prompts));
  return [{ name: 'forward and backward', bytes: 4 * (kept + tower + Math.max(layer.backward, chunk)) }];
}

/** The vision tower on the way back, when it is trained: each block's input, and one block at work. */
function towerValues(vision: Qwen25VlConfig['vision'], counts: PatchCounts): number {
  const block = visionBlockValues(counts, vision);
  return counts.patches * vision.hiddenSize * vision.depth + block.kept + block.backward;
}
