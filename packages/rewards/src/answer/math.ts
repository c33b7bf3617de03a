import { found, missing, type Reading } from './reading.js';

/**
 * The formula in a text, as LaTeX: the last `\boxed{…}`, else the last one between dollar signs. `bare` also takes a text that is
 * nothing but a formula, as solutions in data sets often are: it must hold a digit or a command.
 *
 * @example
 * ```ts
 * readMath('So it is \\boxed{\\frac{1}{3}}.'); // value: '\\frac{1}{3}'
 * ```
 */
export function readMath(text: string, bare: 'allowed' | 'not allowed' = 'not allowed'): Reading<string> {
  const boxed = text.lastIndexOf('\\boxed{');
  if (boxed >= 0) {
    const start = boxed + '\\boxed{'.length;
    const end = closingBrace(text, start);
    return end < 0 ? missing('the box is not closed', boxed, text.length) : found(text.slice(start, end), start, end);
  }
  const close = text.lastIndexOf('$');
  const open = close < 0 ? -1 : text.lastIndexOf('$', close - 1);
  if (open >= 0 && open < close) return found(text.slice(open + 1, close), open + 1, close);
  if (bare === 'allowed' && /[\d\\]/.test(text)) return found(text, 0, text.length);
  return missing('no formula was found', 0, text.length);
}

function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
