import { groupMembers } from '../advantages/grouping.js';
import { checkPositive, fail } from '../checks.js';
import { type LossTerms, termsFor, type TokenBatch } from './tokens.js';

/** Options of {@link real}. */
export interface RealOptions {
  /** τ: a sequence's mean log ratio is divided by it. @defaultValue 0.5 */
  readonly temperature?: number | undefined;
}

/**
 * Classification instead of a policy gradient (REAL): in each group the good completions (A > 0) should have risen and the
 * others fallen. Only the sign of an advantage counts.
 *
 * L_g = log(1 + Σ_bad e^s) + log(1 + Σ_good e^−s), s = mean_t ℓ_t / τ; a group without good or without bad ones adds nothing
 *
 * As in ms-swift 4.6 (`loss_type real`). A group's share in the loss is the sum of its tokens' weights: with groups of one size
 * and the aggregation `sequence-mean-token-mean` that is 1 / number of groups. Micro-batches must not split groups. A row without
 * counted tokens takes no part (ms-swift takes it for a bad one that has not moved).
 *
 * @param tokens - flat [B*T] arrays of one length, with `groups`.
 * @param out - zeros to write the result over; new arrays by default.
 * @throws RangeError without groups, or for a temperature not above 0.
 * @example
 * ```ts
 * const two = (a: number, b: number) => Float64Array.of(a, b);
 * const tokens = { columns: 1, mask: Uint8Array.of(1, 1), logps: two(-1, -1), logRatio: two(0, 0), advantages: two(1, -1), weights: two(0.5, 0.5), groups: ['a', 'a'] };
 * real(tokens).value[0]; // log 4 = 1.386
 * ```
 */
export function real(
  tokens: TokenBatch,
  options: RealOptions = {},
  out: LossTerms = termsFor('real', tokens),
): LossTerms {
  const { temperature = 0.5 } = options;
  checkPositive('real', 'temperature', temperature);
  const { mask, columns, groups } = tokens;
  if (groups === undefined) return fail('real', 'groups', 'be given', groups);
  const { value, ratioGradient } = out;
  const rows = rowSummaries(tokens, temperature);
  for (const members of groupMembers(groups)) {
    const filled = members.filter((row) => rows.count[row]! > 0);
    const isGood = (row: number) => rows.advantage[row]! > 0;
    if (filled.every(isGood) || !filled.some(isGood)) continue;
    const wrong = (row: number) => Math.exp(isGood(row) ? -rows.score[row]! : rows.score[row]!);
    const goodSum = filled.filter(isGood).reduce((sum, row) => sum + wrong(row), 1);
    const badSum = filled.filter((row) => !isGood(row)).reduce((sum, row) => sum + wrong(row), 1);
    const share = filled.reduce((sum, row) => sum + rows.weight[row]!, 0);
    for (const row of filled) {
      const slope = wrong(row) / (isGood(row) ? -goodSum : badSum);
      for (let k = row * columns; k < (row + 1) * columns; k++) {
        if (mask[k] === 0) continue;
        value[k] = Math.log(goodSum) + Math.log(badSum);
        ratioGradient[k] = (share * slope) / (temperature * rows.count[row]!);
      }
    }
  }
  return out;
}

function rowSummaries({ mask, columns, logRatio, advantages, weights }: TokenBatch, temperature: number) {
  const rows = Math.ceil(mask.length / Math.max(1, columns));
  const [count, score, advantage, weight] = [0, 0, 0, 0].map(() => new Float64Array(rows)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    const row = Math.floor(k / columns);
    count[row]!++;
    score[row]! += logRatio[k]!;
    advantage[row]! += advantages[k]!;
    weight[row]! += weights[k]!;
  }
  for (let row = 0; row < rows; row++) score[row]! /= Math.max(1, count[row]!) * temperature;
  return { count, score, advantage, weight };
}
