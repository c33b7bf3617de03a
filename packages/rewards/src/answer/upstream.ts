import { found, missing, quote, type Missing, type Place, type Reading } from './reading.js';
import { afterSpace, pythonStrip } from './white-space.js';

/*
 * Names and values of this file follow bytedance/Q-Insight at 08308fd: `score_reward` of its two training scripts. Its expressions
 * are walked by hand, which is several times as fast.
 */

/** The number of Python's `[\d.]+`, which takes every decimal digit of Unicode. */
const NUMBER = /[\p{Nd}.]+/uy;
/** What Python's `float` takes of it. */
const PYTHON_FLOAT = /^(?:\d+\.?\d*|\.\d+)$/;

/** Where the answer stands: from the first `<answer>` to the first `</answer>` after it, wherever they are. */
function answerPlace(text: string): Place | Missing {
  const open = text.indexOf('<answer>');
  if (open < 0) return missing('no <answer> was found', 0);
  const start = open + '<answer>'.length;
  const end = text.indexOf('</answer>', start);
  return end < 0 ? missing('no </answer> was found', text.length) : { start, end };
}

/** The score as the released code reads it: the first unquoted, unsigned number after `"rating":` in the answer. */
export function upstreamScore(text: string): Reading<number> {
  const answer = answerPlace(text);
  if ('reason' in answer) return answer;
  const { start, end } = answer;
  const [first, last] = numberAfter(text, '"rating"', start, end);
  if (first < 0) return missing('no unquoted number after "rating": was found', start, end);
  const value = shortDecimal(text, first, last) ?? anyDecimal(text.slice(first, last));
  return value === undefined
    ? missing(`${quote(text.slice(first, last))} is not a number`, first, last)
    : found(value, first, last);
}

/** Class and severity as the released code reads them: two quoted strings, class first, spelled as they stand. */
export function upstreamDegradation(text: string): Reading<{ distortionClass: string; severity: string }> {
  const answer = answerPlace(text);
  if ('reason' in answer) return answer;
  const { start, end } = answer;
  const [classFrom, classTo] = stringAfter(text, '"distortion_class"', start, end);
  if (classFrom < 0) return missing('no "distortion_class": "…" was found', start, end);
  const [levelFrom, levelTo] = stringAfter(text, '"severity"', classTo + 1, end);
  if (levelFrom < 0) return missing('no "severity": "…" was found after the class', start, end);
  const distortionClass = pythonStrip(text, classFrom, classTo);
  return found({ distortionClass, severity: pythonStrip(text, levelFrom, levelTo) }, start, end);
}

/** The verdict as the released code reads it: the whole answer, as it stands. */
export function upstreamComparison(text: string): Reading<string> {
  const answer = answerPlace(text);
  if ('reason' in answer) return answer;
  return { value: pythonStrip(text, answer.start, answer.end), place: answer };
}

/** The most digits whose number, and the power of ten below it, are both exact in a double, so that dividing them rounds once. */
const EXACT_DIGITS = 15;

/** `digits` or `digits.digits` of the text; `undefined` when it is anything else, or too long for {@link EXACT_DIGITS}. */
function shortDecimal(text: string, from: number, to: number): number | undefined {
  if (to - from > EXACT_DIGITS) return undefined;
  let digits = 0;
  let scale = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      digits = digits * 10 + code - 0x30;
      scale *= 10;
    } else if (code === 0x2e && scale === 0 && at > from) scale = 1;
    else return undefined;
  }
  return scale === 0 ? digits : digits / scale;
}

/** What Python's `float` makes of digits and points; `undefined` when it throws. */
function anyDecimal(written: string): number | undefined {
  const digits = PYTHON_FLOAT.test(written) ? written : written.replace(/\P{ASCII}/gu, asciiDigit);
  return PYTHON_FLOAT.test(digits) ? Number(digits) : undefined;
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
