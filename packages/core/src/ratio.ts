/**
 * What the importance ratio is taken over: each token (PPO); the whole sequence, as the geometric mean of its token ratios
 * (GSPO, arXiv 2507.18071); or the sequence's value with the token's gradient (GSPO-token, same paper).
 */
export type RatioLevel = 'token' | 'sequence' | 'sequence-token';

/** @internal log of the importance ratio per token, [B*T], and where it ran into the clamp; anything under mask 0. */
export interface LogRatio {
  readonly values: Float64Array;
  /** Their exp. */
  readonly ratios: Float64Array;
  /** 1 where the clamp holds the ratio, so that it has no slope. */
  readonly saturated: Uint8Array;
}

/** @internal Arrays for a ratio of so many tokens. */
export function emptyLogRatio(tokens: number): LogRatio {
  return {
    values: new Float64Array(tokens),
    ratios: new Float64Array(tokens),
    saturated: new Uint8Array(tokens),
  };
}

/**
 * @internal Fills `out` with ℓ = logps − oldLogps at the given level, clamped to ±clamp so that exp stays finite.
 * At level 'sequence' every token of a row holds the row's mean.
 */
export function importanceLogRatio(
  logps: Float64Array,
  oldLogps: Float64Array,
  mask: Uint8Array,
  columns: number,
  level: RatioLevel,
  clamp: number,
  out: LogRatio,
): void {
  if (level === 'token') tokenLogRatio(logps, oldLogps, mask, clamp, out);
  else sequenceLogRatio(logps, oldLogps, mask, columns, clamp, out);
}

function tokenLogRatio(
  logps: Float64Array,
  oldLogps: Float64Array,
  mask: Uint8Array,
  clamp: number,
  { values, ratios, saturated }: LogRatio,
): void {
  for (let k = 0; k < logps.length; k++) {
    if (mask[k] === 0) continue;
    const raw = logps[k]! - oldLogps[k]!;
    const held = raw > clamp ? clamp : raw < -clamp ? -clamp : raw;
    values[k] = held;
    saturated[k] = held === raw ? 0 : 1;
    ratios[k] = held === 0 ? 1 : Math.exp(held);
  }
}

function sequenceLogRatio(
  logps: Float64Array,
  oldLogps: Float64Array,
  mask: Uint8Array,
  columns: number,
  clamp: number,
  { values, ratios, saturated }: LogRatio,
): void {
  for (let start = 0; start < logps.length; start += columns) {
    const raw = rowMean(logps, oldLogps, mask, start, columns);
    const held = Math.min(clamp, Math.max(-clamp, raw));
    values.fill(held, start, start + columns);
    ratios.fill(Math.exp(held), start, start + columns);
    saturated.fill(held === raw ? 0 : 1, start, start + columns);
  }
}

function rowMean(logps: Float64Array, oldLogps: Float64Array, mask: Uint8Array, start: number, columns: number) {
  let sum = 0;
  let count = 0;
  for (let k = start; k < start + columns; k++) {
    if (mask[k] === 0) continue;
    sum += logps[k]! - oldLogps[k]!;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/**
 * @internal Adds to `gradient` (over logps) what `ratioGradient` (over the log ratio) amounts to: the transpose of
 * {@link importanceLogRatio}. A sequence's ratio depends on all its tokens alike, so each gets the row's mean.
 */
export function addRatioGradient(
  gradient: Float64Array,
  ratioGradient: Float64Array,
  ratio: LogRatio,
  mask: Uint8Array,
  columns: number,
  level: RatioLevel,
): void {
  if (level !== 'sequence') {
    for (let k = 0; k < gradient.length; k++) {
      if (mask[k] === 1 && ratio.saturated[k] === 0) gradient[k]! += ratioGradient[k]!;
    }
    return;
  }
  for (let start = 0; start < gradient.length; start += columns) {
    let sum = 0;
    let count = 0;
    for (let k = start; k < start + columns; k++) {
      if (mask[k] === 0) continue;
      count++;
      sum += ratioGradient[k]!;
    }
    // one ratio for the row: it is saturated for all its tokens or for none
    if (count === 0 || ratio.saturated[start] === 1) continue;
    const mean = sum / count;
    for (let k = start; k < start + columns; k++) if (mask[k] === 1) gradient[k]! += mean;
  }
}
