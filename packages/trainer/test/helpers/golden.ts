import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors, type TensorFile } from '../../src/models/safetensors.js';

/** Path of a file or folder under test/golden. */
export function goldenPath(...parts: string[]): string {
  return join(import.meta.dirname, '..', 'golden', ...parts);
}

/** A JSON file under test/golden; the caller states its type. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the files have no schema to infer from
export function goldenJson<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(goldenPath(...parts), 'utf8')) as T;
}

/** A safetensors file under test/golden. */
export async function goldenTensors(...parts: string[]): Promise<TensorFile> {
  return openSafetensors(goldenPath(...parts));
}

/** The four small Qwen2.5-VL checkpoints, each a folder of test/golden/vlm with expected.json beside the weights. */
export const VLM_VARIANTS = ['tied_fp32', 'tied_bf16_old', 'untied_fp32_sharded', 'untied_bf16_sharded_old'] as const;

/** A message part of a golden case: pictures are named by their path under test/golden/vlm. */
export interface GoldenPart {
  readonly type: 'text' | 'image';
  readonly text?: string;
  readonly image?: string;
}

/** One case of a variant's expected.json; B rows, left-padded to T. */
export interface GoldenVlmCase {
  readonly name: string;
  readonly messages: { role: 'system' | 'user' | 'assistant'; content: string | GoldenPart[] }[][];
  /** Paths under test/golden/vlm, one list a row. */
  readonly images: string[][];
  /** Rendered text of each row. */
  readonly text: string[];
  readonly inputIds: number[][];
  readonly attentionMask: number[][];
  readonly mmTokenTypeIds: number[][];
  readonly gridThw: [number, number, number][] | null;
  /** [3][B][T]; absent where there is no image. */
  readonly positionIds?: number[][][];
  readonly ropeDeltas?: number[];
  /** The completion whose log-probs are stored. */
  readonly completionIds: number[];
  /** [B][C] */
  readonly logprobs: number[][];
  readonly entropy: number[][];
  /** Difference of two attention implementations in torch: what float32 leaves undetermined. */
  readonly logitsNoise: number;
  readonly logprobsNoise: number;
  readonly greedyIds: number[][];
  readonly greedyText: string[];
  /** Smallest distance of the best two logits on the greedy path. */
  readonly greedyMinGap: number;
}

/** expected.json of a variant. */
export interface GoldenVlm {
  readonly header: Record<string, unknown>;
  readonly tokenizer: { text: string; ids: number[]; decoded: string; decodedSkipSpecial: string }[];
  readonly cases: GoldenVlmCase[];
}
