import { wordRows } from '../files/table.js';
import { DataProblem } from '../files/problem.js';
import { readNumber } from './fields.js';
import type { RawScore } from './score-scale.js';

/**
 * VisualQuality-R1's label files: a line of words for each image, `image mos`, `image mos std`, `reference image mos` or
 * `reference image mos std`. Names come first, numbers last; all lines have the same form.
 */
export function* visualQualityRows(file: string): Generator<RawScore | DataProblem> {
  let form: string | undefined;
  for (const { row, words } of wordRows(file)) {
    const names = words.findIndex((word) => readNumber(word) !== undefined);
    const numbers = words.slice(names).map(readNumber);
    const own = `${names} names, ${numbers.length} numbers`;
    if (names < 1 || names > 2 || numbers.length > 2 || numbers.includes(undefined)) {
      yield new DataProblem(file, row, 'mos', `must be a number after one or two names, got "${words.join(' ')}"`);
    } else if (own !== (form ??= own)) {
      yield new DataProblem(file, row, undefined, `has ${own}, but the lines before have ${form}`);
    } else {
      const [score, std] = numbers as [number, number?];
      if (std !== undefined && std < 0) yield new DataProblem(file, row, 'std', `must be at least 0, got ${std}`);
      else yield { task: 'score', row, image: words[names - 1]!, score, ...(std !== undefined && { std }) };
    }
  }
}

/** TID2013's `mos_with_names.txt`: `mos image` a line. */
export function* tid2013Rows(file: string): Generator<RawScore | DataProblem> {
  for (const { row, words } of wordRows(file)) {
    const score = readNumber(words[0]);
    if (score === undefined)
      yield new DataProblem(file, row, 'mos', `must be a number, got ${JSON.stringify(words[0])}`);
    else if (words.length !== 2) {
      yield new DataProblem(file, row, 'image', `must be one name after the number, got "${words.slice(1).join(' ')}"`);
    } else yield { task: 'score', row, image: words[1]!, score };
  }
}
