import type { SingleSource } from '../config/data-source.js';
import type { DataSource } from '../config/schema.js';
import { jointDataset } from '../data/joint.js';
import { labelledDataset } from '../data/labelled.js';
import { readSplit } from '../data/photos.js';
import type { Dataset } from '../data/prompt.js';
import { readLabels } from '../data/read-labels.js';
import { syntheticDegradations } from '../data/synthetic.js';
import type { AskingOptions } from '../data/tasks.js';
import { FULL_LADDER, LITE_LADDER } from '../images/degradations/dq495k.js';

/**
 * The prompts a data section of the settings describes.
 *
 * @param side - which side of the run it is for; decides the default split of photographs
 * @param seed - with a prompt's index it decides its crop and degradation; of label files, which rows `random` takes
 * @throws naming file, row and field, when a label or an image is not as it must be
 */
export async function openDataset(source: DataSource, side: 'train' | 'heldOut', seed: string): Promise<Dataset> {
  if (source.kind !== 'joint') return openSingle(source, side, seed);
  const sets: Dataset[] = [];
  for (const [k, single] of source.sets.entries()) sets.push(await openSingle(single, side, `${seed}/${k}`));
  return jointDataset(sets, source.mix);
}

async function openSingle(source: SingleSource, side: 'train' | 'heldOut', seed: string): Promise<Dataset> {
  if (source.kind !== 'photos') {
    const orders = 'orders' in source ? source.orders : 'given';
    return labelledDataset(await readLabels(source, seed), { ...askingOf(source), orders });
  }
  const { folder, split = side, size, cropSize, tasks, ladder } = source;
  const functions = ladder === 'full' ? FULL_LADDER : LITE_LADDER;
  return syntheticDegradations({
    folder,
    photos: readSplit(folder, split),
    size,
    seed,
    tasks,
    functions,
    cropSize,
    ...askingOf(source),
  });
}

/** How a source puts its questions. */
export function askingOf({ style, wording, place }: SingleSource): AskingOptions {
  return { style, wording, images: place };
}

/** The first prompts of a dataset. */
export function first(dataset: Dataset, size: number): Dataset {
  return { ...dataset, length: Math.min(size, dataset.length) };
}
