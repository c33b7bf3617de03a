import { readFields, type Field } from './fields.js';
import type { Reading } from './reading.js';
import { findAnswer, findThink, type Which } from './tags.js';

/** What a completion holds, part by part: each with its place in the text, or why it is not there. */
export interface ParsedAnswer {
  /** The reasoning between `<think>` and `</think>`. */
  readonly think: Reading<string>;
  /** What stands between `<answer>` and `</answer>`. */
  readonly answer: Reading<string>;
  /** The fields of the JSON object in the answer. */
  readonly fields: Reading<readonly Field[]>;
}

/** Options of {@link parseAnswer}. */
export interface ParseOptions {
  /**
   * Which answer counts when there are several.
   * @defaultValue 'first'
   */
  readonly which?: Which;
}

/**
 * Takes a completion apart: reasoning, answer, and the fields of the JSON object in the answer. Never throws, and takes time
 * linear in the text, whatever the text is. All places are offsets in `text`.
 *
 * @example
 * ```ts
 * const { fields } = parseAnswer('<think>sharp</think><answer>{"rating": 4.2}</answer>');
 * 'value' in fields && fields.value[0]?.text; // '4.2'
 * ```
 */
export function parseAnswer(text: string, options: ParseOptions = {}): ParsedAnswer {
  const answer = findAnswer(text, options.which);
  const fields = 'value' in answer ? readFields(text, answer.place.start, answer.place.end) : answer;
  return { think: findThink(text), answer, fields };
}
