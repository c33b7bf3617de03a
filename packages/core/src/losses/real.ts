import { groupMembers } from '../advantages/grouping.js';
import { checkPositive, fail } from '../checks.js';
import type { LossTerms, TokenBatch } from './tokens.js';

/** Options of {@link real}. */
export interface RealOptions {
  /** τ: a sequence's mean log ratio is divided by it. @defaultValue 0.5 */
  readonly temperature?: number | undefined;
}

/**
 * Classification instead of a policy gradient (REAL): in each group the good completions should have risen and the bad ones
 * fallen. Only the sign of an advantage counts. The weights of a row's tokens, summed, are the row's share in the loss.
 *
 * L_g = log(1 + Σ_bad e^s) + log(1 + Σ_good e^−s), s = mean_t ℓ_t / τ; a group without good or without bad ones adds nothing
 *
 * As in ms-swift 4.6 (`loss_type real`), which divides the sum over groups by the number of groups that count. Micro-batches must
 * not split groups.
 *
 * @param tokens - flat [B*T] arrays of one length, with `groups`.
 * @returns terms whose Σ weights · value is the mean of L_g over the groups that count, whatever the weights.
 * @throws RangeError without groups, or for a temperature not above 0.
 * @example
 * ```ts
 * const two = (a: number, b: number) => Float64Array.of(a, b);
 * const tokens = { columns: 1, mask: Uint8Array.of(1, 1), logps: two(-1, -1), logRatio: two(0, 0), advantages: two(1, -1), weights: two(0.5, 0.5), groups: ['a', 'a'] };
 * real(tokens).value[0]; // log 4 = 1.386: Σ weights · value = 2 log 2
 * ```
 */
export function real(tokens: TokenBatch, options: RealOptions = {}): LossTerms {
  const { temperature = 0.5 } = options;
  checkPositive('real', 'temperature', temperature);
  const { mask, columns, groups } = tokens;
  if (groups === undefined) return fail('real', 'groups', 'be given', groups);
  const value = new Float64Array(mask.length);
  const ratioGradient = new Float64Array(mask.length);
  const rows = rowSummaries(tokens, temperature);
  const contests = groupMembers(groups)
    .map((members) => ({
      good: members.filter((row) => rows.count[row]! > 0 && rows.advantage[row]! > 0),
      bad: members.filter((row) => rows.count[row]! > 0 && rows.advantage[row]! < 0),
    }))
    .filter(({ good, bad }) => good.length > 0 && bad.length > 0);

  for (const { good, bad } of contests) {
    const wrong = (row: number) => Math.exp(rows.score[row]! * (rows.advantage[row]! > 0 ? -1 : 1));
    const goodSum = good.reduce((sum, row) => sum + wrong(row), 1);
    const badSum = bad.reduce((sum, row) => sum + wrong(row), 1);
    const loss = (Math.log(goodSum) + Math.log(badSum)) / contests.length;
    const weight = [...good, ...bad].reduce((sum, row) => sum + rows.weight[row]!, 0);
    for (const row of [...good, ...bad]) {
      const isGood = rows.advantage[row]! > 0;
      const slope = wrong(row) / (isGood ? -goodSum : badSum);
      const perToken = slope / (temperature * rows.count[row]! * contests.length);
      for (let k = row * columns; k < (row + 1) * columns; k++) {
        if (mask[k] === 0) continue;
        value[k] = weight === 0 ? 0 : loss / weight;
        ratioGradient[k] = perToken;
      }
    }
  }
  return { value, ratioGradient, clipped: new Uint8Array(mask.length) };
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
