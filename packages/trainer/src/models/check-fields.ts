import type { z } from 'zod';

/**
 * The fields of a checkpoint's JSON file, checked.
 *
 * @param prefix - the field of the file that `value` is, when it is not the whole
 * @throws Error naming file and field, for the first that is wrong.
 */
export function checkFields<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  file: string,
  prefix = '',
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = [...(prefix === '' ? [] : [prefix]), ...issue.path.map(String)].join('.');
  throw new Error(`${file}: ${field === '' ? '' : `field "${field}": `}${issue.message}`);
}
