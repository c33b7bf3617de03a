import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { checkRow } from '../config/row.js';
import { labelSchema } from '../data/label-schema.js';
import type { EvaluatedAnswer } from '../evaluation/report.js';
import { readJsonSync, replaceTextSync } from '../models/files.js';

/** In a run folder: a file an evaluation. */
export const HELD_OUT_FOLDER = 'held-out';

/** Answers that a file has at most; with answers of 256 tokens it then takes about a megabyte. */
const MOST_KEPT = 1000;

const fileSchema = z.object({
  version: z.literal(1),
  step: z.int().min(0),
  /** Answers there were, those that are not kept included. */
  count: z.int().min(0),
  answers: z.array(
    z.object({
      prompt: z.string(),
      label: labelSchema,
      text: z.string(),
      tokens: z.int(),
      finishReason: z.enum(['stop', 'length']),
      rewards: z.record(z.string(), z.number().nullable()),
      total: z.number().nullable(),
    }),
  ),
});

/** The likeliest answers to the held-out prompts after a step; step 0 is the starting model. */
export type HeldOutAnswers = z.output<typeof fileSchema>;

const FILE = /^step-(\d{6,})\.json$/;
const fileOf = (run: string, step: number) => join(run, HELD_OUT_FOLDER, `step-${String(step).padStart(6, '0')}.json`);

/** Keeps the answers to the first held-out prompts, in place of earlier ones of the same step. */
export function writeHeldOutAnswers(run: string, step: number, answers: readonly EvaluatedAnswer[]): void {
  mkdirSync(join(run, HELD_OUT_FOLDER), { recursive: true });
  const content = { version: 1, step, count: answers.length, answers: answers.slice(0, MOST_KEPT) };
  replaceTextSync(fileOf(run, step), `${JSON.stringify(content)}\n`);
}

/** Steps whose answers are kept, rising. */
export function heldOutSteps(run: string): number[] {
  const folder = join(run, HELD_OUT_FOLDER);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.flatMap((name) => FILE.exec(name)?.[1] ?? []).map(Number).sort((a, b) => a - b); // prettier-ignore
}

/**
 * The newest answers up to a step, if there are any.
 *
 * @throws Error naming file and field, when it is damaged or of another version
 */
export function readHeldOutAnswers(run: string, step: number): HeldOutAnswers | undefined {
  const newest = heldOutSteps(run).findLast((kept) => kept <= step);
  if (newest === undefined) return undefined;
  const file = fileOf(run, newest);
  return checkRow(fileSchema, readJsonSync(file), file);
}

/** Drops what was kept after a step: a run resumed from a checkpoint answers those prompts again. */
export function dropHeldOutAfter(run: string, step: number): void {
  for (const kept of heldOutSteps(run)) if (kept > step) rmSync(fileOf(run, kept));
}
