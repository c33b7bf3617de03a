import { aggregationAliases, type AggregationAlias } from '@q-insight/core';
import { z } from 'zod';
import { entropy } from './entropy.js';
import { atLeastZero, count, fraction, positive, section } from './fields.js';
import { correction } from './sampler.js';

const AGGREGATIONS = ['token-mean', 'sequence-mean-token-mean', 'sequence-mean-token-sum', 'constant'] as const;
const aliases = Object.keys(aggregationAliases) as AggregationAlias[];

/** How a step samples, compares and learns. */
export const grpo = section({
  /** Starting point for everything the loss and the advantages leave open. @defaultValue 'q-insight' */
  preset: z.enum(['q-insight', 'trl', 'verl', 'dapo', 'dr-grpo']).default('q-insight'),
  /** Completions per prompt, GRPO's G. @defaultValue 8 */
  groupSize: z.int().min(2).default(8),
  /** Prompts per optimizer step. @defaultValue 4 */
  promptsPerStep: count().default(4),
  /** Updates on the same completions, GRPO's mu. @defaultValue 1 */
  innerEpochs: count().default(1),
  /** Completions that go through the model at a time; no effect on the result. @defaultValue 8 */
  microBatch: count().default(8),
  /** Sampling temperature in training; log-probs are taken at the same one. @defaultValue 1 */
  temperature: positive().default(1),
  /** Longest answer, in tokens. @defaultValue 256 */
  maxTokens: count().default(256),
  /**
   * Optimizer steps that completions may be behind: so many steps are sampled ahead while others are trained on. 0 samples and
   * trains in turn. @defaultValue 0
   */
  staleness: z.int().min(0).default(0),
  correction,
  /** Weight of the KL penalty against the starting model; 0 turns it off. @defaultValue the preset's */
  beta: atLeastZero().optional(),
  /**
   * Moves the model that the KL is taken against towards the policy, as TR-DPO (arXiv 2404.09656) and TRL's `sync_ref_model`:
   * reference ← alpha · policy + (1 − alpha) · reference. Of an adapter, its matrices A and B are moved, from their start.
   * Off unless given; `referenceSync: {}` takes the defaults, TRL's.
   */
  referenceSync: z
    .strictObject({
      /** Steps between. @defaultValue 512 */
      every: count().default(512),
      /** Share of the policy. @defaultValue 0.6 */
      alpha: fraction().default(0.6),
    })
    .optional(),
  entropy,
  /** How far the ratio may fall below 1. @defaultValue the preset's */
  clipLow: fraction().optional(),
  /** How far the ratio may rise above 1. @defaultValue the preset's */
  clipHigh: atLeastZero().optional(),
  /** What centred rewards are divided by. @defaultValue the preset's */
  scale: z.enum(['group', 'batch', 'none']).optional(),
  /**
   * Groups whose rewards are all equal teach nothing: sample other prompts in their place, as DAPO does. Off unless given;
   * `dynamicSampling: {}` takes the defaults.
   */
  dynamicSampling: z
    .strictObject({
      /** Rounds of sampling a step may take, the first included. @defaultValue 10 */
      maxRounds: count().default(10),
      /** Keep groups whose mean reward lies strictly between these instead. @defaultValue those whose rewards differ */
      band: z.tuple([z.number(), z.number()]).optional(),
    })
    .optional(),
  /**
   * What such a group still does to the loss: it counts in every mean and the KL acts on it (`keep`), the KL alone acts on it
   * (`mask-policy`), or it is left out and costs no pass through the model (`drop`). @defaultValue 'keep'
   */
  zeroVariance: z.enum(['keep', 'mask-policy', 'drop']).default('keep'),
  /** How token losses become one number; the names of TRL and verl are understood too. @defaultValue the preset's */
  aggregation: z.enum([...AGGREGATIONS, ...aliases]).optional(),
});

/** The settings of GRPO, every default filled in. */
export type GrpoSettings = z.output<typeof grpo>;
