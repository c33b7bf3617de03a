import type { z } from 'zod';
import { DataProblem } from '../files/problem.js';
import type { RawRow } from '../files/raw-row.js';
import { checkFields } from './fields.js';

/**
 * Checks each raw row and makes something of it; problems pass through, and `make` may find others.
 *
 * @param schemaOf - the schema for a value
 */
export function* eachRow<Schema extends z.ZodType, Row>(
  file: string,
  rows: Iterable<RawRow | DataProblem>,
  schemaOf: (value: unknown) => Schema,
  make: (value: z.output<Schema>, row: number, file: string) => Row | DataProblem,
): Generator<Row | DataProblem> {
  for (const raw of rows) {
    if (raw instanceof DataProblem) yield raw;
    else {
      const own = raw.file ?? file;
      const value = checkFields(schemaOf(raw.value), raw.value, own, raw.row);
      yield value instanceof DataProblem ? value : make(value, raw.row, own);
    }
  }
}
