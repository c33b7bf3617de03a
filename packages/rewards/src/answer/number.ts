const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/i;
const LONGEST = 100;

/**
 * A rating as models write it: `3.5`, `+3.5`, `.5`, `3.5/5`, `3.5 out of 5`, `3.5 points`, `3.5 stars`. Anything else gives
 * the reason: another scale (`7/10`, `70%`), a decimal comma, digits other than 0-9, words.
 *
 * @param outOf - top of the scale, for `3.5/5`
 * @example
 * ```ts
 * readNumber('3.5/5', 5); // 3.5
 * readNumber('7/10', 5); // 'it is on a scale of 10, not 5'
 * ```
 */
export function readNumber(text: string, outOf: number): number | string {
  if (text.length > LONGEST) return `it is ${text.length} characters long, not a number`;
  const written = text.trim();
  const match = NUMBER.exec(written);
  if (match === null) return whyNoNumber(written);
  const value = Number(match[0]);
  const rest = written.slice(match[0].length).trim().toLowerCase();
  if (!Number.isFinite(value)) return 'it is too large';
  if (rest === '' || /^(?:points?|stars?)\.?$/.test(rest)) return value;
  const scale = /^(?:\/|out of) ?(\d{1,6}(?:\.0)?)\.?$/.exec(rest)?.[1];
  if (scale !== undefined)
    return Number(scale) === outOf ? value : `it is on a scale of ${Number(scale)}, not ${outOf}`;
  if (rest.startsWith('%')) return 'it is a percentage';
  if (/^,\d/.test(rest)) return 'it has a decimal comma';
  return 'it is more than a number';
}

function whyNoNumber(text: string): string {
  if (text === '') return 'it is empty';
  if (/^(?:null|none|n\/a)$/i.test(text)) return 'it is null';
  if (/\p{Nd}/u.test(text) && !/\d/.test(text)) return 'its digits are not 0-9';
  return 'it is not a number';
}
