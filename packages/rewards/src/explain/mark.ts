import type { Place } from '../answer/reading.js';

/** Options of {@link mark}. */
export interface MarkOptions {
  /**
   * What stands before and after the marked part.
   * @defaultValue ['⟦', '⟧']
   */
  readonly signs?: readonly [string, string];
  /**
   * Characters shown on either side; the marked part itself is shortened in its middle to twice as many.
   * @defaultValue 40
   */
  readonly context?: number;
}

/**
 * A part of a text with what stands around it, on one line: the offending part of a completion, for instance.
 *
 * @example
 * ```ts
 * mark('<think>a</think> so <answer>…', { start: 16, end: 20 }); // '<think>a</think>⟦ so ⟧<answer>…'
 * ```
 */
export function mark(text: string, place: Place, options: MarkOptions = {}): string {
  const { signs = ['⟦', '⟧'], context = 40 } = options;
  const before = text.slice(Math.max(0, place.start - context), place.start);
  const after = text.slice(place.end, place.end + context);
  const start = place.start > context ? '…' : '';
  const end = place.end + context < text.length ? '…' : '';
  return oneLine(`${start}${before}${signs[0]}${shortened(text, place, context)}${signs[1]}${after}${end}`);
}

function shortened(text: string, { start, end }: Place, context: number): string {
  if (end - start <= 2 * context) return text.slice(start, end);
  return `${text.slice(start, start + context)}…${text.slice(end - context, end)}`;
}

/** Line breaks and the like as they are written in a program, the rest as it is. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (letter) => {
    const short = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[letter];
    return short ?? `\\u${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
