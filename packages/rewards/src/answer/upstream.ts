import { found, missing, quote, type Reading } from './reading.js';
import { afterSpace, pythonStrip } from './white-space.js';

/*
 * Names and values of this file follow bytedance/Q-Insight at 08308fd: `score_reward` of its two training scripts. Its expressions
 * are walked by hand, which is several times as fast.
 */

/** The number of Python's `[\d.]+`, which takes every decimal digit of Unicode. */
const NUMBER = /[\p{Nd}.]+/uy;
/** What Python's `float` takes of it. */
const PYTHON_FLOAT = /^(?:\d+\.?\d*|\.\d+)$/;

/** The first `<answer>` up to the first `</answer>` after it, wherever they stand. */
export function upstreamAnswer(text: string): Reading<string> {
  const open = text.indexOf('<answer>');
  if (open < 0) return missing('no <answer> was found', 0);
  const start = open + '<answer>'.length;
  const end = text.indexOf('</answer>', start);
  if (end < 0) return missing('no </answer> was found', text.length);
  return found(text.slice(start, end), start, end);
}

/** The score as the released code reads it: the first unquoted, unsigned number after `"rating":` in the answer. */
export function upstreamScore(text: string): Reading<number> {
  const answer = upstreamAnswer(text);
  if (!('value' in answer)) return answer;
  const { start, end } = answer.place;
  const [first, last] = numberAfter(text, '"rating"', start, end);
  if (first < 0) return missing('no unquoted number after "rating": was found', start, end);
  const written = text.slice(first, last);
  const digits = PYTHON_FLOAT.test(written) ? written : written.replace(/\P{ASCII}/gu, asciiDigit);
  if (!PYTHON_FLOAT.test(digits)) return missing(`${quote(written)} is not a number`, first, last);
  return found(Number(digits), first, last);
}

/** Class and severity as the released code reads them: two quoted strings, class first, spelled as they stand. */
export function upstreamDegradation(text: string): Reading<{ distortionClass: string; severity: string }> {
  const answer = upstreamAnswer(text);
  if (!('value' in answer)) return answer;
  const { start, end } = answer.place;
  const [classFrom, classTo] = stringAfter(text, '"distortion_class"', start, end);
  if (classFrom < 0) return missing('no "distortion_class": "…" was found', start, end);
  const [levelFrom, levelTo] = stringAfter(text, '"severity"', classTo + 1, end);
  if (levelFrom < 0) return missing('no "severity": "…" was found after the class', start, end);
  const distortionClass = pythonStrip(text.slice(classFrom, classTo));
  return found({ distortionClass, severity: pythonStrip(text.slice(levelFrom, levelTo)) }, start, end);
}

/** The verdict as the released code reads it: the whole answer, as it stands. */
export function upstreamComparison(text: string): Reading<string> {
  const answer = upstreamAnswer(text);
  return 'value' in answer ? { value: pythonStrip(answer.value), place: answer.place } : answer;
}

/** Python's `\d` and `float` take every decimal digit of Unicode; these come in runs of ten that start at zero. */
function asciiDigit(digit: string): string {
  const point = digit.codePointAt(0) ?? 0;
  let first = point;
  while (/^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((point - first) % 10);
}

type Span = readonly [start: number, end: number];
const NOWHERE: Span = [-1, -1];

/** Where the number after the first `key : number` stands. */
function numberAfter(text: string, key: string, from: number, to: number): Span {
  for (let at = valueAfter(text, key, from, to); at >= 0; at = valueAfter(text, key, at, to)) {
    let end = at;
    while (end < to && isAsciiDigitOrDot(text.charCodeAt(end))) end += 1;
    if (end < to && text.charCodeAt(end) >= 0x80) {
      NUMBER.lastIndex = at;
      if (NUMBER.test(text)) end = NUMBER.lastIndex;
    }
    if (end > at) return [at, end];
  }
  return NOWHERE;
}

/** Where the inside of the text after the first `key : "text"` stands; it has a character at least. */
function stringAfter(text: string, key: string, from: number, to: number): Span {
  for (let at = valueAfter(text, key, from, to); at >= 0; at = valueAfter(text, key, at, to)) {
    if (at >= to || text[at] !== '"') continue;
    const end = text.indexOf('"', at + 1);
    if (end < 0 || end >= to) return NOWHERE;
    if (end > at + 1) return [at + 1, end];
  }
  return NOWHERE;
}

/** Where the value after the next `key :` begins, or -1. */
function valueAfter(text: string, key: string, from: number, to: number): number {
  for (let at = text.indexOf(key, from); at >= 0 && at < to; at = text.indexOf(key, at + 1)) {
    const colon = afterSpace(text, at + key.length);
    if (colon < to && text[colon] === ':') return afterSpace(text, colon + 1);
  }
  return -1;
}

function isAsciiDigitOrDot(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2e;
}
