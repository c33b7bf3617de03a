import { oneField, readFields } from './fields.js';
import { readNumber } from './number.js';
import { found, missing, quote, type Reading } from './reading.js';
import { findAnswer, type Which } from './tags.js';

/** Options of {@link readScore}. */
export interface ReadScoreOptions {
  /**
   * The key that holds the score.
   * @defaultValue 'rating'
   */
  readonly key?: string;
  /**
   * Lowest and highest score that counts; a score outside is not read.
   * @defaultValue [1, 5]
   */
  readonly bounds?: readonly [number, number];
  /**
   * Which answer counts when there are several.
   * @defaultValue 'first'
   */
  readonly which?: Which;
}

/**
 * The quality score in a completion: `rating` in the JSON object of the answer, or an answer that is nothing but a number.
 * A quoted number, `3.5/5` and `3.5 points` count; a score out of bounds or on another scale does not. Never throws.
 *
 * Source of task and key: Q-Insight's score prompt (arXiv 2503.22679, appendix).
 *
 * @example
 * ```ts
 * readScore('<think>soft</think><answer>{"rating": 3.5}</answer>'); // { value: 3.5, place: { start: 38, end: 41 } }
 * readScore('<answer>{"rating": 7}</answer>'); // { reason: 'the rating 7 is outside [1, 5]', … }
 * ```
 */
export function readScore(text: string, options: ReadScoreOptions = {}): Reading<number> {
  const { key = 'rating', bounds = [1, 5], which = 'first' } = options;
  const answer = findAnswer(text, which);
  if (!('value' in answer)) return answer;
  const written = writtenScore(text, key, answer.place.start, answer.place.end);
  if (!('value' in written)) return written;
  const { start, end } = written.place;
  const value = readNumber(written.value, bounds[1]);
  if (typeof value === 'string')
    return missing(`the ${key} ${quote(written.value)} was not read: ${value}`, start, end);
  if (value < bounds[0] || value > bounds[1])
    return missing(`the ${key} ${value} is outside [${bounds.join(', ')}]`, start, end);
  return found(value, start, end);
}

/** The score's text before it is read as a number. */
function writtenScore(text: string, key: string, start: number, end: number): Reading<string> {
  const answer = text.slice(start, end).trim();
  if (/^[+-]?\.?\d/.test(answer)) return found(answer, start, end);
  const fields = readFields(text, start, end);
  if (!('value' in fields)) return fields;
  const field = oneField(fields.value, key, fields.place);
  if (!('value' in field)) return field;
  return { value: field.value.text, place: field.place };
}
