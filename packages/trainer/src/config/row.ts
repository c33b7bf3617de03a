import { z } from 'zod';
import { settingsIssues, type Words } from './issue.js';

const WORDS: Words = { key: 'field', object: 'an object' };

/**
 * A row of a data file, checked.
 *
 * @param where - file and line, for the message
 * @throws one line that names the place, the field, what was expected and what came
 */
export function checkRow<Schema extends z.ZodType>(schema: Schema, value: unknown, where: string): z.output<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { path, problem } = settingsIssues(parsed.error, schema, value, WORDS)[0]!;
  throw new Error(`${where}: ${path.length === 0 ? '' : `'${path.join('.')}' `}${problem}`);
}
