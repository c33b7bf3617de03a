import { createHash } from 'node:crypto';
import { decodeImage } from '../images/decode.js';
import type { Qwen25VlConfig } from '../models/qwen2.5-vl/config.js';
import {
  processImage,
  tokenCount,
  type ImageProcessorConfig,
  type ProcessedImage,
} from '../models/qwen2.5-vl/image-processor.js';
import { positionIds } from '../models/qwen2.5-vl/position-ids.js';
import type { ProcessedPrompt } from '../models/qwen2.5-vl/processor.js';
import type { Chunk, ModelInput } from '../policies/tinker/protocol/messages.js';
import { userError } from './refusal.js';
import { remember } from './remembered.js';

/** An input with its pictures' tokens in place. */
export interface ExpandedInput {
  /** [n] */
  readonly ids: readonly number[];
  readonly images: readonly ProcessedImage[];
  /** What tells the pictures from others. */
  readonly imageKey: string;
}

/** Turns inputs into what the model takes. */
export interface InputReader {
  /** @throws a user error for a token or a picture that cannot be taken */
  expand(input: ModelInput): Promise<ExpandedInput>;
  /** The first positions of an input, all pictures among them. The same ones give the same object, as long as it is remembered. */
  prompt(input: ExpandedInput, length?: number): ProcessedPrompt;
}

/** Prompts and pictures that are remembered, with the pictures' embeddings. */
const REMEMBERED = 256;

/** Reads inputs of a model. */
export function createInputReader(config: Qwen25VlConfig, settings: ImageProcessorConfig): InputReader {
  const { imageTokenId, text } = config;
  const pictures = remember<Promise<ProcessedImage>>(REMEMBERED);
  const prompts = remember<ProcessedPrompt>(REMEMBERED);

  const tokensOf = ({ tokens }: Extract<Chunk, { type: 'encoded_text' }>): readonly number[] => {
    const wrong = tokens.find((token) => token < 0 || token >= text.vocabSize || token === imageTokenId);
    if (wrong === undefined) return tokens;
    if (wrong === imageTokenId) throw userError(`token ${wrong} stands for an image: send an image chunk instead`);
    throw userError(`token ${wrong}: expected ids from 0 to ${text.vocabSize - 1}`);
  };

  async function expand({ chunks }: ModelInput): Promise<ExpandedInput> {
    const ids: number[] = [];
    const images: ProcessedImage[] = [];
    const hash = createHash('sha256');
    for (const chunk of chunks) {
      if (chunk.type === 'encoded_text') {
        ids.push(...tokensOf(chunk));
        continue;
      }
      const name = `image ${images.length + 1}`;
      const digest = createHash('sha256').update(chunk.data).digest('hex');
      const image = await pictures.get(digest, () => readPicture(chunk.data, name, settings));
      const tokens = tokenCount(image.grid, settings.mergeSize);
      const { expected_tokens: expected } = chunk;
      if (expected != null && expected !== tokens)
        throw userError(`${name}: takes ${tokens} tokens, expected_tokens is ${expected}`);
      for (let i = 0; i < tokens; i++) ids.push(imageTokenId);
      images.push(image);
      hash.update(digest);
    }
    if (ids.length === 0) throw userError('the sequence is empty');
    return { ids, images, imageKey: hash.digest('hex') };
  }

  const prompt: InputReader['prompt'] = ({ ids, images, imageKey }, length = ids.length) => {
    const own = ids.slice(0, length);
    return prompts.get(`${imageKey}/${own.join()}`, () => {
      const inputIds = Int32Array.from(own);
      const grids = images.map(({ grid }) => grid);
      return { inputIds, images, ...positionIds(inputIds, grids, imageTokenId, settings.mergeSize) };
    });
  };
  return { expand, prompt };
}

async function readPicture(bytes: Uint8Array, name: string, settings: ImageProcessorConfig): Promise<ProcessedImage> {
  try {
    return processImage(await decodeImage(bytes, name), settings);
  } catch (error) {
    throw userError((error as Error).message);
  }
}
