import { found, missing, quote, type Reading } from './reading.js';
import { PYTHON_SPACE, pythonStrip } from './white-space.js';

/** Names and values of this file follow bytedance/Q-Insight at 08308fd: `score_reward` of its two training scripts. */
const RATING = new RegExp(`"rating"[${PYTHON_SPACE}]*:[${PYTHON_SPACE}]*([\\p{Nd}.]+)`, 'u');
const CLASS = new RegExp(`"distortion_class"[${PYTHON_SPACE}]*:[${PYTHON_SPACE}]*"([^"]+)"`);
const SEVERITY = new RegExp(`"severity"[${PYTHON_SPACE}]*:[${PYTHON_SPACE}]*"([^"]+)"`);

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
  const match = RATING.exec(answer.value);
  if (match?.[1] === undefined) return missing('no unquoted number after "rating": was found', start, end);
  const digits = match[1].replace(/\P{ASCII}/gu, asciiDigit);
  const last = start + match.index + match[0].length; // the number ends the match
  const first = last - match[1].length;
  if (!/^(?:\d+\.?\d*|\.\d+)$/.test(digits)) return missing(`${quote(match[1])} is not a number`, first, last);
  return found(Number(digits), first, last);
}

/** Class and severity as the released code reads them: two quoted strings, class first, spelled as they stand. */
export function upstreamDegradation(text: string): Reading<{ distortionClass: string; severity: string }> {
  const answer = upstreamAnswer(text);
  if (!('value' in answer)) return answer;
  const { start, end } = answer.place;
  const named = CLASS.exec(answer.value);
  if (named?.[1] === undefined) return missing('no "distortion_class": "…" was found', start, end);
  const rest = answer.value.slice(named.index + named[0].length);
  const severity = SEVERITY.exec(rest)?.[1];
  if (severity === undefined) return missing('no "severity": "…" was found after the class', start, end);
  return found({ distortionClass: pythonStrip(named[1]), severity: pythonStrip(severity) }, start, end);
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
