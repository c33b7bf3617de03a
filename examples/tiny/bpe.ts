/** The pre-tokenizer of Qwen2: words with one sign before them, single digits, runs of signs, white space. */
export const QWEN_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** The same for JavaScript before modifiers in groups: the contractions spelled out in both cases. */
const PIECES =
  /'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+/gu;

/** One printable character per byte, as GPT-2 chose them: printable bytes stand for themselves, the rest from U+0100 on. */
export function byteCharacters(): string[] {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/** A trained vocabulary: token ids by token, and merges in the order in which they are applied. */
export interface Bpe {
  readonly vocabulary: Record<string, number>;
  readonly merges: [string, string][];
}

/**
 * Byte-level byte-pair encoding: starting from the 256 bytes, the pair seen most often becomes a token, `merges` times
 * (or until no pair is seen twice). Of pairs seen equally often the first in order of code points wins, so the same
 * texts always give the same vocabulary.
 */
export function trainBpe(texts: readonly string[], merges: number): Bpe {
  const characters = byteCharacters();
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [piece] of text.normalize('NFC').matchAll(PIECES)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  }
  const words = [...counts].map(([piece, count]) => ({
    parts: [...Buffer.from(piece, 'utf8')].map((byte) => characters[byte]!),
    count,
  }));
  const tokens = [...characters].sort();
  const done: [string, string][] = [];
  while (done.length < merges) {
    const best = mostFrequentPair(words);
    if (best === undefined) break;
    done.push(best);
    tokens.push(best.join(''));
    for (const word of words) word.parts = applyMerge(word.parts, best);
  }
  return { vocabulary: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: done };
}

function mostFrequentPair(words: readonly { parts: string[]; count: number }[]): [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { parts, count } of words) {
    for (let i = 0; i + 1 < parts.length; i++) {
      const pair = `${parts[i]!} ${parts[i + 1]!}`; // no token holds a space: its byte is written as another character
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: string | undefined;
  let most = 1;
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best !== undefined && pair < best)) {
      best = pair;
      most = count;
    }
  }
  return best?.split(' ') as [string, string] | undefined;
}

function applyMerge(parts: readonly string[], [left, right]: readonly [string, string]): string[] {
  const merged: string[] = [];
  for (let i = 0; i < parts.length; i++) {
    if (parts[i] === left && parts[i + 1] === right) {
      merged.push(left + right);
      i += 1;
    } else merged.push(parts[i]!);
  }
  return merged;
}
