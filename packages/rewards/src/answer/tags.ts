import { found, missing, type Reading } from './reading.js';

/** Which `<answer>` counts when there are several. */
export type Which = 'first' | 'last';

/**
 * The text inside `<think>…</think>`: from the first `<think>` to the first `</think>` after it.
 *
 * @example
 * ```ts
 * findThink('<think>sharp</think>'); // { value: 'sharp', place: { start: 7, end: 12 } }
 * ```
 */
export function findThink(text: string): Reading<string> {
  const open = text.indexOf('<think>');
  if (open < 0) return missing('no <think> was found', 0);
  const start = open + '<think>'.length;
  const end = text.indexOf('</think>', start);
  if (end < 0) return missing('no </think> was found', text.length);
  return found(text.slice(start, end), start, end);
}

/**
 * The text inside `<answer>…</answer>`. Once a `</think>` was seen only what follows it counts, so that an answer tried out
 * in the reasoning is not taken for the answer. Of `<answer> … <answer>…</answer>` the inner one is taken.
 *
 * @param which - which one, when there are several
 * @example
 * ```ts
 * findAnswer('<think>a</think><answer>Image A</answer>'); // { value: 'Image A', place: { start: 24, end: 31 } }
 * ```
 */
export function findAnswer(text: string, which: Which = 'first'): Reading<string> {
  const thought = text.indexOf('</think>');
  const from = thought < 0 ? 0 : thought + '</think>'.length;
  const open = text.indexOf('<answer>', from);
  if (open < 0) return missing(thought < 0 ? 'no <answer> was found' : 'no <answer> was found after </think>', from);
  const end = which === 'first' ? text.indexOf('</answer>', open) : text.lastIndexOf('</answer>');
  if (end < open) return missing('no </answer> was found', text.length);
  const start = text.lastIndexOf('<answer>', end) + '<answer>'.length;
  return found(text.slice(start, end), start, end);
}
