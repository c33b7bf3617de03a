import { afterSpace, beforeSpace } from './white-space.js';

const LINE_BREAK = 0x0a;

/**
 * Whether Q-Insight's released format expression matches all of `text`: `null` when it does, else the rule that is broken.
 *
 * The expression (bytedance/Q-Insight at 08308fd, `format_reward`, Python `re.fullmatch` with DOTALL) is
 * `<think>\s*\n.*?\n\s*</think>\s*\n<answer>\s*\n` + body + `\s*\n\s*</answer>\s*$`, the body being `\{[^{}]*\}` for score and
 * degradation, and `.*?` (with the line break before it shared) for comparison. Each part is anchored by its neighbour, so
 * walking from the end decides it without backtracking, in linear time.
 */
export function upstreamFormatProblem(text: string, body: 'json' | 'text'): string | null {
  if (!text.startsWith('<think>')) return 'the text does not start with <think>';
  const end = beforeSpace(text, text.length);
  if (!text.endsWith('</answer>', end)) return 'the text does not end with </answer>';
  const close = end - '</answer>'.length;
  return body === 'json' ? jsonProblem(text, close) : textProblem(text, close);
}

function jsonProblem(text: string, close: number): string | null {
  const objectEnd = beforeSpace(text, close);
  if (text[objectEnd - 1] !== '}') return 'no } stands before </answer>';
  if (lastBreak(text, close) < 0) return 'no line break between } and </answer>';
  const objectStart = text.lastIndexOf('{', objectEnd - 1);
  if (objectStart < 0 || text.indexOf('}', objectStart) < objectEnd - 1)
    return 'the answer is not { … } without braces inside';
  const tagEnd = beforeSpace(text, objectStart);
  if (!text.endsWith('<answer>', tagEnd)) return 'no <answer> stands before {';
  if (text[objectStart - 1] !== '\n') return 'no line break directly before {';
  return junctionProblem(text, tagEnd - '<answer>'.length, firstBreak(text, '<think>'.length));
}

/** Any text may stand in the answer, another `<answer>` too, so every `<answer>` is tried as the one that opens it. */
function textProblem(text: string, close: number): string | null {
  const thinkBreak = firstBreak(text, '<think>'.length);
  const closeBreak = lastBreak(text, close);
  let problem = 'no <answer> was found';
  for (let open = text.indexOf('<answer>'); open >= 0 && open < close; open = text.indexOf('<answer>', open + 1)) {
    const openBreak = firstBreak(text, open + '<answer>'.length);
    const framed = openBreak >= 0 && openBreak < closeBreak;
    const here = framed ? junctionProblem(text, open, thinkBreak) : 'the answer does not stand between line breaks';
    if (here === null) return null;
    problem = here;
  }
  return problem;
}

/** What stands before `<answer>`: `<think>`, line break, reasoning, another line break, `</think>`, line break. */
function junctionProblem(text: string, open: number, thinkBreak: number): string | null {
  const tagEnd = beforeSpace(text, open);
  if (!text.endsWith('</think>', tagEnd)) return 'no </think> stands before <answer>';
  if (text[open - 1] !== '\n') return 'no line break directly before <answer>';
  const framed = thinkBreak >= 0 && thinkBreak < lastBreak(text, tagEnd - '</think>'.length);
  return framed ? null : 'the reasoning does not stand between line breaks';
}

/** The first line break in the white space that begins at `start`, or -1. */
function firstBreak(text: string, start: number): number {
  const end = afterSpace(text, start);
  for (let at = start; at < end; at += 1) if (text.charCodeAt(at) === LINE_BREAK) return at;
  return -1;
}

/** The last line break in the white space that ends before `end`, or -1. */
function lastBreak(text: string, end: number): number {
  const start = beforeSpace(text, end);
  for (let at = end - 1; at >= start; at -= 1) if (text.charCodeAt(at) === LINE_BREAK) return at;
  return -1;
}
