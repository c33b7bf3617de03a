import { z } from 'zod';
import { parseSampling } from '../data/sampling.js';
import { SINGLE_IMAGE_TASKS } from '../data/tasks.js';
import { count, positive } from './fields.js';

/** Length of the questions: 'full' explains layout and choices, 'short' is for models that know nothing else. @defaultValue 'full' */
const style = z.enum(['full', 'short']).default('full');

/** How a source puts its questions. */
const asking = {
  style,
  /** Words of your own, each in place of the style's: `score`, `degradation`, `comparison`, and `system` ('' for none). */
  wording: z
    .strictObject({
      system: z.string().optional(),
      score: z.string().min(1).optional(),
      degradation: z.string().min(1).optional(),
      comparison: z.string().min(1).optional(),
    })
    .optional(),
  /** Whether images stand before the question or after it. @defaultValue 'first' */
  place: z.enum(['first', 'last']).default('first'),
};

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
  ...asking,
});

const sample = z
  .string()
  .default('all')
  .refine((text) => parseSampling(text) !== undefined, {
    error: ({ input }) =>
      `must be all, first:N, end:N, random:N, or a share such as random:10%, got '${String(input)}'`,
  });

/** What all label files have. */
const labels = {
  /** The label file. */
  file: z.string().min(1),
  /** Folder that image paths are relative to. @defaultValue as the dataset is published */
  images: z.string().min(1).optional(),
  /** Which rows are used: all, first:N, end:N, random:N, or a share such as random:10%. @defaultValue 'all' */
  sample,
  ...asking,
};

/** How pairs are compared. */
const comparisons = {
  /** 'both' asks every pair a second time with its images swapped. @defaultValue 'given' */
  orders: z.enum(['given', 'both']).default('given'),
  /** Whether the picture that both were made from is shown before them. @defaultValue 'shown' */
  reference: z.enum(['shown', 'hidden']).default('shown'),
};

/** From the worst to the best raw score (worst may be the larger number), or from what occurs in the file. */
const range = z
  .tuple([z.number(), z.number()])
  .refine(([worst, best]) => worst !== best, 'must hold two different numbers');
const scale = z.union([z.literal('minmax'), range]);

/** Rows of one list of a JSON file {"train": [names], "test": [names]}, as DeQA-Score's split.json. */
const split = z.strictObject({ file: z.string().min(1), list: z.string().min(1) }).optional();

const scoreTable = <Kind extends string>(kind: Kind) =>
  z.strictObject({
    kind: z.literal(kind),
    ...labels,
    /** Raw scores are brought to [1, 5] from this scale. @defaultValue 'minmax', as DeQA-Score does */
    scale: scale.default('minmax'),
    split,
  });

const sources = [
  photos,
  /** Your own: one JSON object a line (.jsonl), an array (.json), or a table (.csv, .tsv, .xlsx). */
  z.strictObject({ kind: z.literal('jsonl'), ...labels, ...comparisons }),
  z.strictObject({ kind: z.literal('csv'), ...labels, ...comparisons }),
  /** Metas of DeQA-Score, which Q-Insight trains its scores on. */
  z.strictObject({ kind: z.literal('deqa'), ...labels }),
  /** Q-Insight's train_dist.json. */
  z.strictObject({ kind: z.literal('q-insight-degradation'), ...labels }),
  /** Q-Insight's train_comparison.json. */
  z.strictObject({
    kind: z.literal('q-insight-comparison'),
    ...labels,
    ...comparisons,
    /** How images were made, by the first folder of their path; for Reg- and Gen-accuracy. */
    enhancers: z.record(z.string(), z.enum(['regression', 'generation'])).optional(),
  }),
  /** Metas of DQ-495K. */
  z.strictObject({
    kind: z.literal('dq495k'),
    ...labels,
    /** Rows whose class Q-Insight's question does not name: an error, or left out and counted. @defaultValue 'refuse' */
    otherClasses: z.enum(['refuse', 'leave-out']).default('refuse'),
  }),
  /** Label files of VLM-R1 and VisualQuality-R1, .jsonl. */
  z.strictObject({ kind: z.literal('vlm-r1'), ...labels, scale: scale.default([1, 5]) }),
  /** VisualQuality-R1's lists of words, .txt. */
  scoreTable('visualquality-r1'),
  scoreTable('koniq').extend({
    /** Column of the score. @defaultValue 'MOS' */
    score: z.enum(['MOS', 'MOS_zscore']).default('MOS'),
  }),
  scoreTable('spaq'),
  scoreTable('kadid'),
  scoreTable('tid2013'),
  scoreTable('agiqa'),
] as const;

const single = z.discriminatedUnion('kind', sources);

/** Several sources in one. */
const joint = z
  .strictObject({
    kind: z.literal('joint'),
    sets: z.array(single).min(1),
    /**
     * Shares of the sets in what the model sees: one weight each, or a temperature T, by which a set of n prompts weighs
     * n^(1/T): 1 is by size, more is more even. @defaultValue by size
     */
    mix: z.union([z.array(positive()), z.strictObject({ temperature: positive() })]).optional(),
  })
  .refine(({ sets, mix }) => !Array.isArray(mix) || mix.length === sets.length, {
    path: ['mix'],
    message: 'must have one weight for each of the sets',
  });

/** Where prompts come from. */
export const dataSource = z.discriminatedUnion('kind', [...sources, joint]);

/** A source that is a label file. */
export type LabelSource = Exclude<z.output<typeof single>, { kind: 'photos' }>;
/** A source by itself. */
export type SingleSource = z.output<typeof single>;
