import path from 'node:path';
import seedrandom from 'seedrandom';
import { degradedCrops, type DegradedCropsOptions } from '../../packages/trainer/src/data/degraded-crops.js';
import { readSplit } from '../../packages/trainer/src/data/photos.js';
import type { Prompt } from '../../packages/trainer/src/data/prompt.js';
import { degradationLabel, scoreLabel } from '../../packages/trainer/src/data/synthetic.js';
import { taskMessages } from '../../packages/trainer/src/data/tasks.js';
import { FULL_LADDER, LITE_LADDER } from '../../packages/trainer/src/images/degradations/dq495k.js';
import { writeCarelessAnswer } from './answers.js';
import { CROP_SIZE } from './model.js';

/** Folder of the example photographs. */
export const PHOTOS = path.join(import.meta.dirname, '../photos');

/** A prompt and what to say to it. */
export interface Example {
  readonly prompt: Prompt;
  readonly text: string;
}

/** Makes example `index`; the same index always makes the same. */
export type MakeExample = (index: number) => Promise<Example>;

/** Which photographs and degradations examples are made of. */
export interface ExampleSource {
  readonly side: 'train' | 'heldOut';
  readonly ladder: 'lite' | 'full';
  readonly seed: string;
}

/**
 * Captions: class, severity and proxy score of an image in a handful of tokens, `noise obvious 3.52`. All that is known
 * of an image at once, and nothing else to learn: the fastest way to teach the vision tower.
 */
export function captions(source: ExampleSource): MakeExample {
  const draw = degradedCrops(cropsOf(source));
  return async (index) => {
    const crop = await draw(index);
    const label = degradationLabel(crop);
    const prompt = {
      id: `caption:${crop.photo}:${index}`,
      messages: taskMessages('degradation', crop.image, { style: 'short' }),
      label,
    };
    return { prompt, text: `${label.distortionClass} ${label.level} ${scoreLabel(crop).score.toFixed(2)}` };
  };
}

/** Answers to the two questions in turn, as a careless annotator gives them (see {@link writeCarelessAnswer}). */
export function answers(source: ExampleSource): MakeExample {
  const draw = degradedCrops(cropsOf(source));
  return async (index) => {
    const crop = await draw(index);
    const label = index % 2 === 0 ? scoreLabel(crop) : degradationLabel(crop);
    const id = `${label.task}:${crop.photo}:${index}`;
    const random = seedrandom(JSON.stringify([source.seed, index, 'answer']));
    return {
      prompt: { id, messages: taskMessages(label.task, crop.image, { style: 'short' }), label },
      text: writeCarelessAnswer(label, random),
    };
  };
}

/** Functions of the ladder by its name. */
export const functionsOf = (ladder: ExampleSource['ladder']) => (ladder === 'full' ? FULL_LADDER : LITE_LADDER);

function cropsOf({ side, ladder, seed }: ExampleSource): DegradedCropsOptions {
  const photos = readSplit(PHOTOS, side);
  return { folder: PHOTOS, photos, seed: `${seed}/${side}`, functions: functionsOf(ladder), cropSize: CROP_SIZE };
}
