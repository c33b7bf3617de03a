/**
 * What Python's `\s` and `str.strip` take for white space, as the inside of a character class. JavaScript's `\s` lacks
 * U+001C to U+001F and U+0085, and has U+FEFF, so a port of a Python reward cannot use it.
 */
export const PYTHON_SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const SPACE = new RegExp(`[${PYTHON_SPACE}]`);

/** Whether the UTF-16 unit at `at` is white space; by its number where that is enough, as this is asked for every character. */
function isSpaceAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 0x80) return (code >= 0x1c && code <= 0x20) || (code >= 0x09 && code <= 0x0d);
  return SPACE.test(text.charAt(at));
}

/** The first index at or after `from` that holds no white space; `text.length` when there is none. */
export function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpaceAt(text, at)) at += 1;
  return at;
}

/** The index where the white space that ends just before `to` begins; `to` when there is none. */
export function beforeSpace(text: string, to: number): number {
  let at = to;
  while (at > 0 && isSpaceAt(text, at - 1)) at -= 1;
  return at;
}

/** Python's `text[from:to].strip()`. */
export function pythonStrip(text: string, from = 0, to: number = text.length): string {
  const start = Math.min(afterSpace(text, from), to);
  return text.slice(start, Math.max(start, beforeSpace(text, to)));
}
