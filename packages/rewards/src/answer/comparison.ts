import type { ComparisonLabel } from '../sample.js';
import { readFields } from './fields.js';
import { missing, quote, type Reading } from './reading.js';
import { findAnswer, type Which } from './tags.js';

/** Which image a completion holds to be better. */
export type Verdict = ComparisonLabel['better'];

/** Options of {@link readComparison}. */
export interface ReadComparisonOptions {
  /**
   * Which answer counts when there are several.
   * @defaultValue 'first'
   */
  readonly which?: Which;
}

const LONGEST = 40;

const VERDICTS: Readonly<Record<string, Verdict>> = {
  'image a': 'Image A',
  a: 'Image A',
  'image b': 'Image B',
  b: 'Image B',
  similar: 'Similar',
};

/**
 * The verdict in a completion: the answer is `Image A`, `Image B` or `Similar`, in any case, perhaps in quotes, with a full
 * stop, without the word "Image", or as the only value of a JSON object. Never throws.
 *
 * Source of task and words: Q-Insight's comparison prompt (arXiv 2503.22679, appendix).
 *
 * @example
 * ```ts
 * readComparison('<answer> "Image B". </answer>'); // value: 'Image B'
 * ```
 */
export function readComparison(text: string, options: ReadComparisonOptions = {}): Reading<Verdict> {
  const answer = findAnswer(text, options.which);
  if (!('value' in answer)) return answer;
  const { start, end } = answer.place;
  const fields = readFields(text, start, end);
  const only = 'value' in fields && fields.value.length === 1 ? fields.value[0] : undefined;
  const written = (only?.text ?? answer.value).trim();
  const word = written.length > LONGEST ? '' : written.toLowerCase().replace(/^["'*]+|["'*.]+$/g, '');
  const verdict = Object.hasOwn(VERDICTS, word) ? VERDICTS[word] : undefined;
  if (verdict === undefined) return missing(`${quote(written)} is none of Image A, Image B, Similar`, start, end);
  return { value: verdict, place: only?.place ?? answer.place };
}
