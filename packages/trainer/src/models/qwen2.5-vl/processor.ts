import { imagesOf, type Prompt, type RgbImage } from '../../data/prompt.js';
import { readChatTemplate, type ChatTemplate } from './chat-template.js';
import { readConfig, type Qwen25VlConfig } from './config.js';
import {
  imageGrid,
  processImage,
  readImageProcessor,
  tokenCount,
  type ImageProcessorConfig,
  type ProcessedImage,
} from './image-processor.js';
import { positionIds, type PositionIds } from './position-ids.js';
import type { Grid } from './rope.js';
import type { PixelLimits } from './smart-resize.js';
import { readTokenizer, type Tokenizer } from './tokenizer.js';

/** A prompt's tokens: one row, unpadded. */
export interface PromptTokens {
  /** [T], each picture's placeholder expanded to one image token per merged patch. */
  readonly inputIds: Int32Array;
  /** Of each picture, in the order of their tokens. */
  readonly grids: readonly Grid[];
}

/** A prompt as the model takes it: one row, unpadded. */
export interface ProcessedPrompt extends PositionIds {
  /** As in {@link PromptTokens}. */
  readonly inputIds: Int32Array;
  /** In the order of their tokens. */
  readonly images: readonly ProcessedImage[];
}

/** Limits on what a prompt may cost. */
export interface ProcessorOptions extends PixelLimits {
  /**
   * A longer prompt is refused. It is never cut: that would take away the system prompt, or half of a picture.
   *
   * @defaultValue no limit
   */
  readonly maxPromptTokens?: number | undefined;
}

/** The input side of a checkpoint. */
export interface Processor {
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: ChatTemplate;
  readonly image: ImageProcessorConfig;
  /**
   * Renders and tokenises a prompt. Of its pictures the sizes count alone, no pixel is read.
   *
   * @throws Error naming the prompt, when its text holds image placeholders of its own or it is too long; RangeError naming a
   *   picture with one side more than 200 times the other.
   */
  readonly tokenize: (prompt: Pick<Prompt, 'id' | 'messages'>) => PromptTokens;
  /**
   * Tokenises a prompt ({@link Processor.tokenize}), gives its tokens their positions and resizes its pictures.
   *
   * @throws what `tokenize` does
   */
  readonly process: (prompt: Pick<Prompt, 'id' | 'messages'>) => ProcessedPrompt;
}

/** Replaces each single image token by as many as its picture needs. */
function expand(ids: readonly number[], imageTokenId: number, counts: readonly number[]): Int32Array {
  const expanded = new Int32Array(ids.length + counts.reduce((sum, count) => sum + count - 1, 0));
  let image = 0;
  let at = 0;
  for (const id of ids) {
    const end = at + (id === imageTokenId ? counts[image++]! : 1);
    expanded.fill(id, at, end);
    at = end;
  }
  return expanded;
}

/** The refusal of a long prompt, with what would have been lost and what to change. */
function tooLong(
  id: string,
  length: number,
  limit: number,
  images: readonly RgbImage[],
  counts: readonly number[],
): Error {
  const list = images.map((image, i) => `${image.name} ${counts[i]!}`).join(', ');
  const pictures =
    images.length === 0 ? '' : `, of which images: ${list}; cutting would go through an image or its question`;
  return new Error(
    `prompt "${id}": ${length} tokens exceed maxPromptTokens ${limit}${pictures}. ` +
      `Raise maxPromptTokens${images.length === 0 ? '' : ' or lower maxPixels'}.`,
  );
}

/**
 * Reads tokenizer, chat template and image processor of a checkpoint folder.
 *
 * @param config - the checkpoint's, when it has been read already
 * @throws Error naming the file, when one is missing or malformed, or they contradict each other.
 */
export async function readProcessor(
  folder: string,
  options: ProcessorOptions = {},
  config?: Qwen25VlConfig,
): Promise<Processor> {
  const { imageTokenId, vision } = config ?? (await readConfig(folder));
  const tokenizer = await readTokenizer(folder);
  const chatTemplate = await readChatTemplate(folder);
  const image = await readImageProcessor(folder, options);
  if (tokenizer.token(imageTokenId) === undefined)
    throw new Error(`${folder}: config.json's image_token_id ${imageTokenId} is no token of tokenizer.json`);
  if (
    image.patchSize !== vision.patchSize ||
    image.mergeSize !== vision.spatialMergeSize ||
    image.temporalPatchSize !== vision.temporalPatchSize
  )
    throw new Error(
      `${folder}: the image processor's patch, temporal patch and merge size ` +
        `${image.patchSize}, ${image.temporalPatchSize}, ${image.mergeSize} must be vision_config's ` +
        `${vision.patchSize}, ${vision.temporalPatchSize}, ${vision.spatialMergeSize}`,
    );

  const tokenize = (prompt: Pick<Prompt, 'id' | 'messages'>): PromptTokens => {
    const ids = tokenizer.encode(chatTemplate(prompt.messages));
    const pictures = imagesOf(prompt);
    const placeholders = ids.filter((id) => id === imageTokenId).length;
    if (placeholders !== pictures.length)
      throw new Error(
        `prompt "${prompt.id}": ${placeholders} image placeholders in the text for ${pictures.length} images; ` +
          `its texts must not contain ${tokenizer.token(imageTokenId)!}`,
      );
    const grids = pictures.map((picture) => imageGrid(picture, image));
    const counts = grids.map((grid) => tokenCount(grid, image.mergeSize));
    const inputIds = expand(ids, imageTokenId, counts);
    const limit = options.maxPromptTokens ?? Infinity;
    if (inputIds.length > limit) throw tooLong(prompt.id, inputIds.length, limit, pictures, counts);
    return { inputIds, grids };
  };
  const process = (prompt: Pick<Prompt, 'id' | 'messages'>): ProcessedPrompt => {
    const { inputIds, grids } = tokenize(prompt);
    const images = imagesOf(prompt).map((picture) => processImage(picture, image));
    return { inputIds, images, ...positionIds(inputIds, grids, imageTokenId, image.mergeSize) };
  };
  return { tokenizer, chatTemplate, image, tokenize, process };
}
