import type { DistortionClass } from '@q-insight/rewards';
import seedrandom from 'seedrandom';
import { degrade } from '../images/degradations/degrade.js';
import { distortionClassOf, FULL_LADDER, type DegradationName } from '../images/degradations/dq495k.js';
import type { Severity } from '../images/degradations/samples.js';
import { cut, drawCrop } from './crop.js';
import { photoReader } from './photos.js';
import type { RgbImage } from './prompt.js';

/** Options of {@link degradedCrops}. */
export interface DegradedCropsOptions {
  /** Folder of the photographs. */
  readonly folder: string;
  /** File names inside the folder. */
  readonly photos: readonly string[];
  /** With an index it decides everything about a crop. */
  readonly seed: string;
  /** Classes are drawn evenly among those that occur here, then functions evenly within the class. @defaultValue the full ladder */
  readonly functions?: readonly DegradationName[];
  /** Side of the square crop in pixels. @defaultValue 112 */
  readonly cropSize?: number;
}

/** A piece of a photograph before and after a known degradation. */
export interface DegradedCrop {
  /** File name of the photograph. */
  readonly photo: string;
  readonly clean: RgbImage;
  readonly image: RgbImage;
  readonly name: DegradationName;
  /** Without meaning when nothing was done (`null`). */
  readonly severity: Severity;
}

/**
 * Cuts squares out of photographs and degrades them. Crop `index` depends on the seed and the index alone.
 *
 * @throws at once when a photograph is missing, and from the returned function when one cannot be decoded; the message
 * names the file.
 */
export function degradedCrops(options: DegradedCropsOptions): (index: number) => Promise<DegradedCrop> {
  const { folder, photos, seed, cropSize = 112, functions = FULL_LADDER } = options;
  const classes = byClass(functions);
  const read = photoReader(folder, photos);
  return async (index) => {
    const random = seedrandom(JSON.stringify([seed, index]));
    const draw = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!;
    const photo = await read(draw(photos));
    const clean = cut(photo, drawCrop(photo, cropSize, random), cropSize);
    const name = draw(draw(classes));
    const severity = draw([1, 2, 3, 4, 5] as const);
    const image = await degrade(clean, { name, severity, seed: JSON.stringify([seed, index, name]) });
    return { photo: photo.name, clean, image, name, severity };
  };
}

function byClass(functions: readonly DegradationName[]): DegradationName[][] {
  const classes = new Map<DistortionClass, DegradationName[]>();
  for (const name of functions)
    classes.set(distortionClassOf(name), [...(classes.get(distortionClassOf(name)) ?? []), name]);
  if (classes.size === 0) throw new Error('degradedCrops: functions must not be empty');
  return [...classes.values()];
}
