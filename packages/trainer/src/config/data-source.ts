import { z } from 'zod';
import { SINGLE_IMAGE_TASKS } from '../data/tasks.js';
import { count } from './fields.js';

/** Length of the questions: 'full' explains layout and choices, 'short' is for models that know nothing else. @defaultValue 'full' */
const style = z.enum(['full', 'short']).default('full');

/** Clean photographs, cropped and degraded on the fly; class and level are exact, the score is a proxy. */
const photos = z.strictObject({
  kind: z.literal('photos'),
  /** Folder with the photographs and a split.json that lists the photographs of each side. */
  folder: z.string().min(1),
  /** Which side of the split. @defaultValue 'train' for data.train, 'heldOut' for data.heldOut */
  split: z.enum(['train', 'heldOut']).optional(),
  /** Prompts in one pass of the data. @defaultValue 4096 */
  size: count().default(4096),
  /** Side of the square crop, in pixels. @defaultValue 112 */
  cropSize: z.int().min(28).default(112),
  /** Questions asked in turn. @defaultValue score and degradation */
  tasks: z
    .array(z.enum(SINGLE_IMAGE_TASKS))
    .min(1)
    .default([...SINGLE_IMAGE_TASKS]),
  /** Degradations that are drawn from, classes evenly: all of DQ-495K, or one plain function a class. @defaultValue 'full' */
  ladder: z.enum(['full', 'lite']).default('full'),
  style,
});

/** Your own images and labels, one JSON object a line. */
const jsonl = z.strictObject({
  kind: z.literal('jsonl'),
  /** The label file: .jsonl, or .json with an array. */
  file: z.string().min(1),
  /** Folder that image paths are relative to. @defaultValue the label file's own folder */
  images: z.string().min(1).optional(),
  style,
});

/** Where prompts come from. */
export const dataSource = z.discriminatedUnion('kind', [photos, jsonl]);
