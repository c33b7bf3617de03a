import { z } from 'zod';
import { dataSource } from './data-source.js';
import { atLeastZero, count, section } from './fields.js';
import { loadYaml } from './load.js';
import type { Override } from './override.js';
import { sampler } from './sampler.js';
import { modelSchema } from './schema.js';

const decoding = section({
  /** 0 takes the likeliest token each time (greedy). @defaultValue 0 */
  temperature: atLeastZero().default(0),
  /** Answers to each prompt. @defaultValue 1 */
  samples: count().default(1),
  /** Keep the smallest set of tokens with at least this probability. @defaultValue 1 (all) */
  topP: z.number().gt(0).max(1).default(1),
  /** Keep the k likeliest tokens. @defaultValue 0 (all) */
  topK: z.int().min(0).default(0),
  /** Longest answer in tokens. @defaultValue 1024 */
  maxTokens: count().default(1024),
  /** Decides the sampled tokens, and the crops and degradations of photographs. @defaultValue 0 */
  seed: z.union([z.int(), z.string().min(1)]).default(0),
  /** Prompts asked at a time; no effect on the answers. @defaultValue 16 */
  batch: count().default(16),
}).refine(({ temperature, samples }) => temperature > 0 || samples === 1, {
  path: ['samples'],
  message: 'must be 1 at temperature 0, where every answer is the same',
});

const measures = section({
  /** What an answer without a readable rating counts as. @defaultValue 'drop' */
  unreadable: z.enum(['drop', 'middle', 'worst', 'random']).default('drop'),
  /** How the ratings of one image become one. @defaultValue 'mean' */
  combine: z.enum(['mean', 'median']).default('mean'),
  /** Resamples of the bootstrap. @defaultValue 1000 */
  resamples: z.int().min(2).default(1000),
  /** Share of the resamples inside an interval. @defaultValue 0.95 */
  level: z.number().gt(0).lt(1).default(0.95),
  /** Decides the resamples. @defaultValue 0 */
  seed: z.union([z.int(), z.string().min(1)]).default(0),
});

const schema = z.strictObject({
  /** What the model is called in the tables. @defaultValue 'this model' */
  name: z.string().min(1).default('this model'),
  /** The model that is asked. Left out, all answers must be in the output folder already. */
  model: modelSchema.optional(),
  sampler,
  /** Test sets by the name of their column; 'KonIQ', 'SPAQ', 'KADID', 'PIPAL', 'LiveW', 'AGIQA', 'CSIQ' have published rows. */
  sets: z
    .record(z.string().regex(/^[\w-]+$/, 'must be named in letters, digits, _ and -'), dataSource)
    .refine((sets) => Object.keys(sets).length > 0, 'must name at least one set'),
  decoding,
  measures,
});

/** The resolved settings of a benchmark. */
export type BenchmarkSettings = z.output<typeof schema>;

/** Reads what a benchmark asks of which model; the last override wins. */
export function loadBenchmark(file: string, overrides: readonly Override[] = []): BenchmarkSettings {
  return loadYaml(schema, file, { name: 'benchmark file', example: 'sets: {…}' }, overrides);
}
