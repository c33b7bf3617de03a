/**
 * What the importance ratio is taken over: each token (PPO); the whole sequence, as the geometric mean of its token ratios
 * (GSPO, arXiv 2507.18071); or the sequence's value with the token's gradient (GSPO-token, same paper).
 */
export type RatioLevel = 'token' | 'sequence' | 'sequence-token';

/** @internal log of the importance ratio per token, [B*T], and where it ran into the clamp. */
export interface LogRatio {
  readonly values: Float64Array;
  /** Their exp. */
  readonly ratios: Float64Array;
  /** 1 where the clamp holds the ratio, so that it has no slope. */
  readonly saturated: Uint8Array;
}

/**
 * @internal ℓ = logps − oldLogps at the given level, clamped to ±clamp so that exp stays finite.
 * At level 'sequence' every token of a row holds the row's mean.
 */
export function importanceLogRatio(
  logps: Float64Array,
  oldLogps: Float64Array,
  mask: Uint8Array,
  columns: number,
  level: RatioLevel,
  clamp: number,
): LogRatio {
  const values = new Float64Array(logps.length);
  const saturated = new Uint8Array(logps.length);
  const ratios = new Float64Array(logps.length);
  for (let start = 0; start < logps.length; start += columns) {
    const average = level === 'token' ? 0 : rowMean(logps, oldLogps, mask, start, columns);
    const ofRow = Math.exp(Math.min(clamp, Math.max(-clamp, average)));
    for (let k = start; k < start + columns; k++) {
      if (mask[k] === 0) continue;
      const raw = level === 'token' ? logps[k]! - oldLogps[k]! : average;
      values[k] = Math.min(clamp, Math.max(-clamp, raw));
      saturated[k] = values[k] === raw ? 0 : 1;
      ratios[k] = level === 'token' ? (values[k] === 0 ? 1 : Math.exp(values[k]!)) : ofRow;
    }
  }
  return { values, ratios, saturated };
}

function rowMean(logps: Float64Array, oldLogps: Float64Array, mask: Uint8Array, start: number, columns: number) {
  let [sum, count] = [0, 0];
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
    for (let k = 0; k < gradient.length; k++) if (ratio.saturated[k] === 0) gradient[k]! += ratioGradient[k]!;
    return;
  }
  for (let start = 0; start < gradient.length; start += columns) {
    let [sum, count] = [0, 0];
    for (let k = start; k < start + columns; k++) {
      if (mask[k] === 0) continue;
      count++;
      if (ratio.saturated[k] === 0) sum += ratioGradient[k]!;
    }
    for (let k = start; k < start + columns; k++) if (mask[k] === 1) gradient[k]! += sum / count;
  }
}
