import { found, missing, type Reading } from './reading.js';
import { findAnswer, type Which } from './tags.js';

/**
 * The last `count` numbers in the answer, in order: for answers that list several scores, one a line, as PreResQ-R1's do
 * (four attributes, then the overall score).
 *
 * @example
 * ```ts
 * readNumbers('<answer>Sharpness: 3\nColour: 4.5\nOverall: 4</answer>', 3); // value: [3, 4.5, 4]
 * ```
 */
export function readNumbers(text: string, count: number, which: Which = 'first'): Reading<readonly number[]> {
  const answer = findAnswer(text, which);
  if (!('value' in answer)) return answer;
  const { start, end } = answer.place;
  const numbers = Array.from(answer.value.matchAll(/(?<![\w.])-?\d+(?:\.\d+)?(?!\w|\.\d)/g), (match) =>
    Number(match[0]),
  ).filter(Number.isFinite);
  if (numbers.length < count)
    return missing(`${count} numbers were expected, ${numbers.length} were found`, start, end);
  return found(numbers.slice(-count), start, end);
}
