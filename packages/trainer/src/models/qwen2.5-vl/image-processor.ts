import { join } from 'node:path';
import { z } from 'zod';
import type { RgbImage } from '../../data/prompt.js';
import { resizeImage } from '../../images/resize.js';
import { checkFields } from '../check-fields.js';
import { readJsonIfPresent } from '../files.js';
import type { PatchSettings, PatchSource } from './patches.js';
import type { Grid } from './rope.js';
import { smartResize, type PixelBounds, type PixelLimits } from './smart-resize.js';

/** How a picture becomes the vision tower's input. */
export interface ImageProcessorConfig extends PatchSettings, PixelBounds {}

/** A picture for the vision tower. It is cut when it gets there: its patches take eight times as much memory as its pixels. */
export interface ProcessedImage extends PatchSource {
  /** Frames, rows and columns in patches; a still picture has one frame. */
  readonly grid: Grid;
}

const triple = z.tuple([z.number(), z.number(), z.number()]);
const pixels = z.int().positive();

const schema = z.object({
  patch_size: pixels.default(14),
  temporal_patch_size: pixels.default(2),
  merge_size: pixels.default(2),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  image_mean: triple,
  image_std: triple,
  min_pixels: pixels.nullish(),
  max_pixels: pixels.nullish(),
  size: z.looseObject({ shortest_edge: pixels.optional(), longest_edge: pixels.optional() }).nullish(),
  resample: z.literal(3).default(3), // bicubic
  do_resize: z.literal(true).default(true),
  do_rescale: z.literal(true).default(true),
  do_normalize: z.literal(true).default(true),
});

/** The settings and the file they stand in: as saved by transformers >= 5, or as published. */
async function findSettings(folder: string): Promise<{ file: string; settings: unknown }> {
  const processor = join(folder, 'processor_config.json');
  const nested = z.looseObject({ image_processor: z.looseObject({}) }).safeParse(await readJsonIfPresent(processor));
  if (nested.success) return { file: processor, settings: nested.data.image_processor };
  const file = join(folder, 'preprocessor_config.json');
  const settings = await readJsonIfPresent(file);
  if (settings === undefined)
    throw new Error(`${folder}: no image processor in processor_config.json or preprocessor_config.json`);
  return { file, settings };
}

/**
 * Reads the image processor's settings of a checkpoint folder: `processor_config.json` or `preprocessor_config.json`,
 * with the area's bounds as `min_pixels`/`max_pixels` or as `size`.
 *
 * @param bounds - replace the file's
 * @throws Error naming folder, file and field.
 */
export async function readImageProcessor(folder: string, bounds: PixelLimits = {}): Promise<ImageProcessorConfig> {
  const { file, settings } = await findSettings(folder);
  const data = checkFields(schema, settings, file);
  const missing = (field: string): never => {
    throw new Error(`${file}: field "${field}": missing`);
  };
  const config = {
    patchSize: data.patch_size,
    temporalPatchSize: data.temporal_patch_size,
    mergeSize: data.merge_size,
    rescaleFactor: data.rescale_factor,
    mean: data.image_mean,
    std: data.image_std,
    minPixels: bounds.minPixels ?? data.min_pixels ?? data.size?.shortest_edge ?? missing('min_pixels'),
    maxPixels: bounds.maxPixels ?? data.max_pixels ?? data.size?.longest_edge ?? missing('max_pixels'),
  };
  if (config.minPixels > config.maxPixels)
    throw new Error(`${file}: field "min_pixels": ${config.minPixels} is more than max_pixels ${config.maxPixels}`);
  return config;
}

/** A picture as far as its size is concerned; the name is for errors. */
type ImageSize = Pick<RgbImage, 'name' | 'width' | 'height'>;

/** Pixels of a picture as the model sees it. */
function targetSize(image: ImageSize, config: ImageProcessorConfig): [width: number, height: number] {
  try {
    const { width, height } = smartResize(image.height, image.width, config.patchSize * config.mergeSize, config);
    return [width, height];
  } catch (error) {
    throw new RangeError(`${image.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/**
 * The grid of patches that a picture of some size becomes.
 *
 * @throws RangeError naming the picture, when one side is more than 200 times the other.
 */
export function imageGrid(image: ImageSize, config: ImageProcessorConfig): Grid {
  const [width, height] = targetSize(image, config);
  return [1, height / config.patchSize, width / config.patchSize];
}

/**
 * A picture at the size at which the model sees it (bicubic, as Pillow).
 *
 * @throws RangeError naming the picture, when one side is more than 200 times the other.
 */
export function resizeForModel(image: RgbImage, config: ImageProcessorConfig): RgbImage {
  return resizeImage(image, ...targetSize(image, config), 'bicubic');
}

/**
 * Resizes a picture ({@link resizeForModel}), ready to be cut into patches.
 *
 * @throws RangeError naming the picture, when one side is more than 200 times the other.
 */
export function processImage(image: RgbImage, config: ImageProcessorConfig): ProcessedImage {
  return { grid: imageGrid(image, config), pixels: resizeForModel(image, config), settings: config };
}

/** How many tokens of the language model a picture becomes. */
export function tokenCount([frames, rows, columns]: Grid, mergeSize: number): number {
  return (frames * rows * columns) / mergeSize ** 2;
}
