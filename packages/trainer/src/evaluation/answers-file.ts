import { appendFileSync, existsSync, truncateSync } from 'node:fs';
import { z } from 'zod';
import { checkRow } from '../config/row.js';
import { labelSchema } from '../data/label-schema.js';
import { parseJson } from '../data/parse-json.js';
import { readTextSync } from '../models/files.js';

const enhancer = z.enum(['regression', 'generation']);

const rowSchema = z.strictObject({
  /** Unique in the file. */
  prompt: z.string().min(1),
  label: labelSchema,
  answers: z
    .array(
      z.strictObject({
        text: z.string(),
        /** 'length' for an answer that was cut off. */
        finishReason: z.enum(['stop', 'length']).exactOptional(),
        /** Length in tokens. */
        tokens: z.int().min(0).exactOptional(),
      }),
    )
    .min(1),
  /** Of a comparison, as {@link ComparisonVerdict} has it. */
  metadata: z
    .strictObject({
      pair: z.string().min(1).exactOptional(),
      swapped: z.boolean().exactOptional(),
      enhancers: z.tuple([enhancer, enhancer]).exactOptional(),
    })
    .exactOptional(),
});

/** One prompt with a model's answers: a line of an answers file. */
export type AnsweredPrompt = z.output<typeof rowSchema>;

/**
 * The answers in a file, one JSON object a line. A last line without its end, as a kill leaves it, is passed over.
 *
 * @returns none when there is no such file
 * @throws for any other line that is none, and for a prompt that is there twice; names file, row (from 1) and field.
 */
export function readAnswers(file: string): AnsweredPrompt[] {
  if (!existsSync(file)) return [];
  const rows = new Map<string, AnsweredPrompt>();
  for (const [i, line] of readTextSync(file).split('\n').slice(0, -1).entries()) {
    const where = `${file}, row ${i + 1}`;
    const row = checkRow(rowSchema, parseJson(line, where), where);
    if (rows.has(row.prompt)) throw new Error(`${where}: 'prompt' '${row.prompt}' was there before`);
    rows.set(row.prompt, row);
  }
  return [...rows.values()];
}

/** Takes off what a kill left of a line, so that lines can be added. */
export function cutTornLine(file: string): void {
  if (!existsSync(file)) return;
  const text = readTextSync(file);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole));
}

/** Adds answers in one write. */
export function appendAnswers(file: string, rows: readonly AnsweredPrompt[]): void {
  appendFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}
