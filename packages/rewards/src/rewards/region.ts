import { oneField, readFields } from '../answer/fields.js';
import { missing, quote, type Reading } from '../answer/reading.js';
import { findAnswer } from '../answer/tags.js';
import { rewardFrom, type Reward } from '../reward.js';

/** A rectangle in pixels: left, top, right, bottom. */
export type Box = readonly [number, number, number, number];

/** Options of {@link regionReward}. */
export interface RegionRewardOptions {
  /**
   * Key of the box in the answer.
   * @defaultValue 'bbox_2d'
   */
  readonly key?: string;
  /**
   * From this overlap on the region is right and earns 1; 'overlap' pays the overlap itself.
   * @defaultValue 0.5
   */
  readonly threshold?: number | 'overlap';
}

/**
 * Whether the completion points at the distorted region: the intersection over union of its box `[left, top, right, bottom]`
 * with the box in `metadata.region`, at least `threshold`.
 *
 * Source: the "where" of GS-IQA's where, what, how (2026); use it as a gate of {@link ordinalLevelReward} with `gate`. Range: 0
 * to 1. No box: 0. `null` when the metadata has no region. Never throws.
 *
 * @example
 * ```ts
 * gate(ordinalLevelReward(), [regionReward()]); // the level counts only in the right place
 * ```
 */
export function regionReward(options: RegionRewardOptions = {}): Reward {
  const { key = 'bbox_2d', threshold = 0.5 } = options;
  return rewardFrom('region', [0, 1], (sample) => {
    const label = toBox(sample.metadata?.['region']);
    if (label === undefined) return { value: null, reason: 'the metadata has no region' };
    const reading = readBox(sample.completion, key);
    if (!('value' in reading)) return { value: 0, ...reading };
    const overlap = intersectionOverUnion(reading.value, label);
    const reason = `said [${reading.value.join(', ')}], the region is [${label.join(', ')}], overlap ${overlap.toFixed(3)}`;
    if (threshold === 'overlap') return { value: overlap, reason };
    return { value: overlap >= threshold ? 1 : 0, reason: `${reason} (at least ${threshold} wanted)` };
  });
}

/** Shared area over joint area of two boxes; 0 when neither has an area. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const union = area(a) + area(b) - width * height;
  return union === 0 ? 0 : (width * height) / union;
}

function area(box: Box): number {
  return (box[2] - box[0]) * (box[3] - box[1]);
}

function readBox(text: string, key: string): Reading<Box> {
  const answer = findAnswer(text);
  if (!('value' in answer)) return answer;
  const fields = readFields(text, answer.place.start, answer.place.end);
  if (!('value' in fields)) return fields;
  const field = oneField(fields.value, key, fields.place);
  if (!('value' in field)) return field;
  const written = field.value.text;
  const box = toBox(parsed(written));
  if (box === undefined)
    return missing(`${quote(written)} is no box [left, top, right, bottom]`, field.place.start, field.place.end);
  return { value: box, place: field.place };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toBox(value: unknown): Box | undefined {
  if (!Array.isArray(value) || value.length !== 4 || !value.every(Number.isFinite)) return undefined;
  const [left, top, right, bottom] = value as [number, number, number, number];
  return left < right && top < bottom ? [left, top, right, bottom] : undefined;
}
