import seedrandom from 'seedrandom';
import { quantile } from './bootstrap.js';
import { mean } from './pairs.js';

/** The answers about one image: null where no rating could be read. */
export interface ImageRatings {
  readonly image: string;
  /** Mean opinion score. */
  readonly label: number;
  readonly ratings: readonly (number | null)[];
}

/**
 * What an answer without a readable rating counts as. `drop`: nothing, and an image without any readable answer is left
 * out (MR-IQA's code). `middle`: 3. `worst`: the end of the scale farther from the label. `random`: a number drawn evenly
 * from the scale (VisualQuality-R1's code draws in training). Only `drop` can raise a correlation by failing to answer.
 */
export type UnreadablePolicy = 'drop' | 'middle' | 'worst' | 'random';

/** How several ratings of an image become one. */
export type CombineRatings = 'mean' | 'median';

/** Options of {@link combineRatings}. */
export interface RatingOptions {
  /** @defaultValue 'drop' */
  readonly unreadable?: UnreadablePolicy;
  /** @defaultValue 'mean' */
  readonly combine?: CombineRatings;
  /** For `random`. @defaultValue 'ratings' */
  readonly seed?: string;
}

/** One rating an image, with what became of the answers. */
export interface CombinedRatings {
  readonly ratings: readonly number[];
  /** As many, in the same order. */
  readonly labels: readonly number[];
  readonly answers: number;
  readonly unreadable: number;
  /** Images without any rating, which `drop` leaves out. */
  readonly leftOut: readonly string[];
  /** Mean over images of the standard deviation (n - 1) of their readable ratings; null with one answer an image. */
  readonly withinImage: number | null;
}

const SCALE = { low: 1, high: 5 };

/**
 * One rating per image, on the scale 1 to 5.
 *
 * @throws for a label or rating that is not finite; the message names the image.
 */
export function combineRatings(images: readonly ImageRatings[], options: RatingOptions = {}): CombinedRatings {
  const { unreadable = 'drop', combine = 'mean', seed = 'ratings' } = options;
  const random = seedrandom(seed);
  const ratings: number[] = [];
  const labels: number[] = [];
  const leftOut: string[] = [];
  const spreads: number[] = [];
  let missing = 0;
  for (const { image, label, ratings: own } of images) {
    const readable = own.filter((rating) => rating !== null);
    const bad = [label, ...readable].find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw new Error(`combineRatings: image '${image}': expected finite numbers, got ${bad}`);
    missing += own.length - readable.length;
    if (readable.length > 1) spreads.push(deviation(readable));
    const counted =
      unreadable === 'drop' ? readable : own.map((rating) => rating ?? standIn(unreadable, label, random));
    if (counted.length === 0) leftOut.push(image);
    else {
      labels.push(label);
      ratings.push(combine === 'mean' ? mean(counted) : median(counted));
    }
  }
  const answers = images.reduce((sum, { ratings: own }) => sum + own.length, 0);
  const withinImage = spreads.length === 0 ? null : mean(spreads);
  return { ratings, labels, answers, unreadable: missing, leftOut, withinImage };
}

function standIn(policy: Exclude<UnreadablePolicy, 'drop'>, label: number, random: () => number): number {
  const { low, high } = SCALE;
  const middle = (low + high) / 2;
  if (policy === 'middle') return middle;
  if (policy === 'worst') return label >= middle ? low : high;
  return low + (high - low) * random();
}

/** Of the two middle values, their mean. */
const median = (values: readonly number[]) => quantile([...values].sort((a, b) => a - b), 0.5); // prettier-ignore

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
