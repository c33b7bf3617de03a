import type * as tf from '@tensorflow/tfjs';
import { chooseBackend } from '../backends/choose-backend.js';
import { readConfig, type Qwen25VlConfig } from '../models/qwen2.5-vl/config.js';
import { readGenerationConfig } from '../models/qwen2.5-vl/generation-config.js';
import { uploadParameters } from '../models/qwen2.5-vl/parameters.js';
import { readProcessor, type Processor } from '../models/qwen2.5-vl/processor.js';
import { openCheckpoint } from '../models/qwen2.5-vl/weights.js';
import { free } from '../models/tidy.js';
import { createEmbeddingCache, type EmbeddingCache } from '../policies/tfjs/prompts.js';
import { createInputReader, type InputReader } from './inputs.js';

/** The frozen model that all adapters share. */
export interface BaseModel {
  /** What callers know it by. */
  readonly name: string;
  readonly checkpoint: string;
  readonly config: Qwen25VlConfig;
  readonly processor: Processor;
  readonly eosTokenIds: readonly number[];
  readonly tensors: Map<string, tf.Tensor>;
  readonly inputs: InputReader;
  readonly embeddings: EmbeddingCache;
  dispose(): void;
}

/** Loads a checkpoint in Hugging Face layout. */
export async function openBaseModel(checkpoint: string, name: string): Promise<BaseModel> {
  await chooseBackend();
  const config = await readConfig(checkpoint);
  const processor = await readProcessor(checkpoint, {}, config);
  const { eosTokenIds } = await readGenerationConfig(checkpoint, config, processor.tokenizer);
  const tensors = new Map(await uploadParameters(config, await openCheckpoint(checkpoint)));
  return {
    name,
    checkpoint,
    config,
    processor,
    eosTokenIds,
    tensors,
    inputs: createInputReader(config, processor.image),
    embeddings: createEmbeddingCache(),
    dispose: () => free([...tensors.values()]),
  };
}
