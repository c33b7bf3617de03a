import { z } from 'zod';
import { settingsIssues } from '../../config/issue.js';
import { DataProblem } from '../files/problem.js';

const WORDS = { key: 'field', object: 'an object' };

/** A row's value by its schema, or what is wrong with it. */
export function checkFields<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  file: string,
  row: number,
): z.output<Schema> | DataProblem {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { path, problem } = settingsIssues(parsed.error, schema, value, WORDS)[0]!;
  return new DataProblem(file, row, path.length === 0 ? undefined : path.join('.'), problem);
}

/** A path inside the image folder. */
export const imagePath = z.string().min(1);

/** A number, or text that is nothing but one, as cells of a table hold it. */
export const numberCell = z.unknown().transform((value, context): number => {
  const number = readNumber(value);
  if (number !== undefined) return number;
  context.addIssue(value === undefined ? 'is required' : `must be a number, got ${JSON.stringify(value)}`);
  return z.NEVER;
});

/** The finite number that a value is, or that a text is and nothing else. */
export function readNumber(value: unknown): number | undefined {
  const number =
    typeof value === 'string' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
