import { found, missing, quote, type Place, type Reading } from './reading.js';

/** One `key: value` of the object in an answer. */
export interface Field {
  /** Lower case, with `_` for blanks and hyphens: "Distortion Class" is `distortion_class`. */
  readonly key: string;
  /** A quoted value without its quotes, a bare one trimmed, a nested one as it stands. */
  readonly text: string;
  /** How the value is written: in quotes, bare (number, word, null), or as an object or array. */
  readonly kind: 'quoted' | 'bare' | 'nested';
  /** Where the value stands, quotes included. */
  readonly place: Place;
}

/**
 * The fields of the one object that makes up `text` from `start` to `end`. Takes JSON, and what models write for it: a code
 * fence around it, single quotes, bare words and Python's `None`, a comma before the closing brace. Never throws; linear.
 *
 * @example
 * ```ts
 * readFields('{"rating": 3.5}', 0, 15); // one field: key 'rating', text '3.5', kind 'bare', place 11 to 14
 * ```
 */
export function readFields(text: string, start = 0, end: number = text.length): Reading<readonly Field[]> {
  const inside = withoutFence(text, start, end);
  const open = inside.start;
  if (open === inside.end) return missing('the answer is empty', start, end);
  if (text[open] !== '{')
    return missing(`the answer is not a JSON object: ${quote(text.slice(open, inside.end))}`, open, end);
  const fields: Field[] = [];
  let at = skipSpace(text, open + 1, inside.end);
  while (at < inside.end && text[at] !== '}') {
    const field = readField(text, at, inside.end);
    if (!('value' in field)) return field;
    fields.push(field.value);
    at = skipSpace(text, field.place.end, inside.end);
    if (at < inside.end && text[at] === ',') at = skipSpace(text, at + 1, inside.end);
    else if (at < inside.end && text[at] !== '}') return missing('a comma or } was expected', at);
  }
  if (at >= inside.end) return missing('the object has no closing }', inside.end);
  if (at + 1 < inside.end)
    return missing(`text after the object: ${quote(text.slice(at + 1, inside.end))}`, at + 1, inside.end);
  return found(fields, open, at + 1);
}

/** The one field called `key`; why not, when there is none or more than one. */
export function oneField(fields: readonly Field[], key: string, place: Place): Reading<Field> {
  const named = fields.filter((field) => field.key === key);
  const [field, second] = named;
  if (field === undefined) {
    const others =
      fields.length === 0 ? 'the object is empty' : `the keys are ${quote(fields.map((f) => f.key).join(', '))}`;
    return missing(`no key "${key}" was found, ${others}`, place.start, place.end);
  }
  if (second !== undefined)
    return missing(`the key "${key}" is given ${named.length} times`, second.place.start, second.place.end);
  return { value: field, place: field.place };
}

function readField(text: string, start: number, end: number): Reading<Field> {
  const mark = text[start];
  if (mark !== '"' && mark !== "'") return missing('a key in quotes was expected', start);
  const keyEnd = closingQuote(text, start, end);
  if (keyEnd < 0) return missing('a quote is not closed', start, end);
  const key = unquote(text, start, keyEnd).trim().toLowerCase().replace(/[\s-]/g, '_');
  const colon = skipSpace(text, keyEnd + 1, end);
  if (text[colon] !== ':' || colon >= end) return missing('a colon after the key was expected', colon);
  const value = readValue(text, skipSpace(text, colon + 1, end), end);
  if (!('value' in value)) return value;
  return { value: { key, ...value.value, place: value.place }, place: value.place };
}

function readValue(text: string, start: number, end: number): Reading<{ text: string; kind: Field['kind'] }> {
  const first = text[start];
  if (first === '"' || first === "'") {
    const close = closingQuote(text, start, end);
    if (close < 0) return missing('a quote is not closed', start, end);
    return found({ text: unquote(text, start, close), kind: 'quoted' }, start, close + 1);
  }
  if (first === '{' || first === '[') {
    const close = closingBracket(text, start, end);
    if (close < 0) return missing('a bracket is not closed', start, end);
    return found({ text: text.slice(start, close + 1), kind: 'nested' }, start, close + 1);
  }
  let stop = start;
  while (stop < end && !',}\n'.includes(text.charAt(stop))) stop += 1;
  const bare = text.slice(start, stop).trimEnd();
  if (bare === '') return missing('a value after the colon was expected', start);
  return found({ text: bare, kind: 'bare' }, start, start + bare.length);
}

/** The part inside a Markdown code fence, or all of it, without the white space around. */
function withoutFence(text: string, start: number, end: number): Place {
  const outer = trimmed(text, start, end);
  if (!text.startsWith('```', outer.start)) return outer;
  const fence = /^```(?:json)?[ \t]*\r?\n/i.exec(text.slice(outer.start, outer.start + 64));
  if (fence === null || !text.slice(outer.start, outer.end).endsWith('```')) return outer;
  const inner = outer.start + fence[0].length;
  return trimmed(text, inner, outer.end - 3);
}

function trimmed(text: string, start: number, end: number): Place {
  const part = text.slice(start, end);
  const from = end - part.trimStart().length;
  return { start: from, end: from + part.trim().length };
}

function skipSpace(text: string, at: number, end: number): number {
  let next = at;
  while (next < end && text.charAt(next).trim() === '') next += 1;
  return next;
}

function closingQuote(text: string, start: number, end: number): number {
  for (let at = start + 1; at < end; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === text[start]) return at;
  }
  return -1;
}

function unquote(text: string, start: number, close: number): string {
  const inside = text.slice(start + 1, close);
  if (!inside.includes('\\')) return inside;
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    return inside;
  }
}

function closingBracket(text: string, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    const letter = text.charAt(at);
    if (letter === '"') {
      at = closingQuote(text, at, end);
      if (at < 0) return -1;
    } else if (letter === '{' || letter === '[') depth += 1;
    else if (letter === '}' || letter === ']') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
