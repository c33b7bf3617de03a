/** How a token is drawn from logits. */
export interface DrawOptions {
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** Keep the k likeliest tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep the smallest set of tokens with at least this probability; 1 keeps all. */
  readonly topP: number;
  /** Tokens that are never drawn. */
  readonly suppressed: readonly number[];
}

/** A token and its log-probability under the distribution it was drawn from; at temperature 0, under the softmax. */
export interface DrawnToken {
  readonly token: number;
  readonly logprob: number;
}

/**
 * Draws one token: suppression, temperature, top-k, top-p, in this order (that of transformers).
 *
 * @param logits - [V]; suppressed entries are overwritten with −∞
 * @param random - uniform in [0, 1); called once, unless the temperature is 0
 */
export function drawToken(logits: Float32Array, options: DrawOptions, random: () => number): DrawnToken {
  for (const token of options.suppressed) logits[token] = -Infinity;
  const best = argMax(logits);
  const greedy = options.temperature === 0;
  const inverse = greedy ? 1 : 1 / options.temperature;
  const top = logits[best]!;
  const weight = (token: number): number => Math.exp((logits[token]! - top) * inverse);
  if (greedy) return { token: best, logprob: -Math.log(sumAll(logits.length, weight)) };

  const kept = options.topK > 0 || options.topP < 1 ? likeliest(logits, weight, options) : undefined;
  const total = kept ? kept.reduce((sum, token) => sum + weight(token), 0) : sumAll(logits.length, weight);
  const token = pick(kept ?? logits.keys(), weight, random() * total) ?? best;
  return { token, logprob: (logits[token]! - top) * inverse - Math.log(total) };
}

function argMax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

function sumAll(size: number, weight: (token: number) => number): number {
  let total = 0;
  for (let token = 0; token < size; token++) total += weight(token);
  return total;
}

/** The first token at which the running sum of weights passes the mark; undefined if rounding lets none. */
function pick(tokens: Iterable<number>, weight: (token: number) => number, mark: number): number | undefined {
  let sum = 0;
  for (const token of tokens) {
    sum += weight(token);
    if (sum > mark) return token;
  }
  return undefined;
}

/** The tokens that top-k and top-p leave, likeliest first. */
function likeliest(logits: Float32Array, weight: (token: number) => number, options: DrawOptions): number[] {
  const ordered = Array.from(logits.keys()).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const first = options.topK > 0 ? ordered.slice(0, options.topK) : ordered;
  const enough = options.topP * first.reduce((sum, token) => sum + weight(token), 0);
  let sum = 0;
  const end = first.findIndex((token) => (sum += weight(token)) >= enough);
  return end < 0 ? first : first.slice(0, end + 1);
}
