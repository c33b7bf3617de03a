import type { FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { checkRow } from '../../config/row.js';
import { labelSchema } from '../../data/label-schema.js';
import { parseObject } from '../jsonl.js';
import { openIfPresent } from './follow-lines.js';

const number = z.number().nullable(); // what is not finite is written as null

/** A line of rollouts.jsonl, as far as it is shown. */
const answerSchema = z.object({
  step: z.number(),
  id: z.string(),
  prompt: z.string(),
  images: z.array(z.string()),
  text: z.string(),
  tokens: z.number(),
  finish_reason: z.enum(['stop', 'length']),
  rewards: z.record(z.string(), number),
  reward: number,
  advantage: number,
  label: labelSchema,
});

/** An answer with what became of it. */
export type Answer = z.output<typeof answerSchema>;

const CHUNK = 2 ** 16;
const NEWLINE = 10;

/**
 * The answers to the prompts of some steps, from rollouts.jsonl. The file is in the order of steps, so they are found by bisection,
 * however long it is; a last line that is being written is not there yet.
 *
 * @param from - first step
 * @param to - last step
 * @param most - answers that are read, the first ones
 * @throws Error naming file, step and field, when an answer is not as the loop writes it
 */
export async function readAnswers(file: string, from: number, to: number, most: number): Promise<Answer[]> {
  const handle = await openIfPresent(file);
  if (handle === undefined) return [];
  try {
    const answers: Answer[] = [];
    for await (const row of linesAfter(handle, await bisect(handle, from))) {
      if (row.step > to || answers.length === most) break;
      if (row.step >= from) answers.push(checkRow(answerSchema, row, `${file}, step ${row.step}`));
    }
    return answers;
  } finally {
    await handle.close();
  }
}

/** A place in the file after which the answers of a step begin, with those of at most one line before them. */
async function bisect(handle: FileHandle, step: number): Promise<number> {
  let [low, high] = [0, (await handle.stat()).size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const next = await linesAfter(handle, middle).next();
    if (!next.done && next.value.step < step) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Line {
  readonly step: number;
}

const hasStep = (row: object): row is Line => 'step' in row && typeof row.step === 'number';

/** The lines that begin after a place; after 0, all. Those that hold no object with a step are passed over. */
async function* linesAfter(handle: FileHandle, place: number): AsyncGenerator<Line> {
  let rest = Buffer.alloc(0);
  let isFragment = place > 0;
  for (let position = place; ;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE, start)) {
      const row = isFragment ? undefined : parseObject(rest.toString('utf8', start, end));
      isFragment = false;
      start = end + 1;
      if (row !== undefined && hasStep(row)) yield row;
    }
    rest = rest.subarray(start);
  }
}
