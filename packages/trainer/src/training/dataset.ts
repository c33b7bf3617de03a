import type { DataSource } from '../config/schema.js';
import { labelledImages } from '../data/labelled.js';
import { readSplit } from '../data/photos.js';
import type { Dataset } from '../data/prompt.js';
import { syntheticDegradations } from '../data/synthetic.js';
import { FULL_LADDER, LITE_LADDER } from '../images/degradations/dq495k.js';

/**
 * The prompts a data section of the settings describes.
 *
 * @param side - which side of the run it is for; decides the default split
 * @param seed - with a prompt's index it decides its crop and degradation
 */
export function openDataset(source: DataSource, side: 'train' | 'heldOut', seed: string): Dataset {
  if (source.kind === 'jsonl') {
    const { file, images, style } = source;
    return labelledImages(file, { style, ...(images !== undefined && { images }) });
  }
  const { folder, split = side, size, cropSize, tasks, ladder, style } = source;
  const functions = ladder === 'full' ? FULL_LADDER : LITE_LADDER;
  return syntheticDegradations({
    folder,
    photos: readSplit(folder, split),
    size,
    seed,
    tasks,
    functions,
    cropSize,
    style,
  });
}

/** The first prompts of a dataset. */
export function first(dataset: Dataset, size: number): Dataset {
  return { length: Math.min(size, dataset.length), get: (index) => dataset.get(index) };
}
