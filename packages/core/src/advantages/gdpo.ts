import { checkAllFinite, checkAtLeast, checkLength, checkOneOf, fail } from '../checks.js';
import type { GroupId } from '../types.js';
import { groupAdvantagesAs } from './group.js';
import { normalizeFlat, type NormalizeOptions } from './normalize.js';
import type { GroupAdvantages, GroupOptions } from './per-group.js';

/** Options of {@link gdpoAdvantages}. */
export interface GdpoOptions extends GroupOptions {
  /** Weight of each reward function. @defaultValue all 1 */
  readonly weights?: ArrayLike<number> | undefined;
  /** What each reward is divided by within its group. @defaultValue 'group' */
  readonly scale?: 'group' | 'none' | undefined;
  /** Added to each reward's standard deviation. @defaultValue 1e-4 */
  readonly epsilon?: number | undefined;
  /** How the sum is normalised over the batch. @defaultValue `{ ddof: 1, epsilon: 1e-4, epsilonTo: 'deviation' }` */
  readonly batch?: NormalizeOptions | undefined;
  /** [B] weight of each completion in the batch's statistics, for instance its length as in verl. @defaultValue 1 each */
  readonly counts?: ArrayLike<number> | undefined;
}

/**
 * Each reward function normalised within its group, then summed, then normalised over the batch (GDPO), so that rewards of
 * different scales and rarities keep their say. Plain GRPO normalises the sum, in which the loudest reward wins.
 *
 * z_k = (r_k − mean_g) / (std_g + ε), S = Σ_k w_k z_k, A = (S − mean) / (std + ε)
 *
 * See GDPO, arXiv 2601.05242. Defaults are TRL's `normalize_then_sum`.
 *
 * @param rewards - [B] rows of K rewards, one a function; null and NaN = not applicable. A row of nothing but null is
 * unscorable: advantage 0, left out of the batch's statistics.
 * @param groups - [B] ids.
 * @throws RangeError for unequal lengths, weights that are not finite, or negative counts.
 * @example
 * ```ts
 * // accuracy in {0, 1}, style in {0, 100}: both count the same
 * gdpoAdvantages([[1, 0], [0, 100]], ['a', 'a'], { epsilon: 0 }).advantages; // [0, 0]
 * ```
 */
export function gdpoAdvantages(
  rewards: ArrayLike<ArrayLike<number | null | undefined>>,
  groups: ArrayLike<GroupId>,
  options: GdpoOptions = {},
): GroupAdvantages {
  const where = 'gdpoAdvantages';
  const { scale = 'group', epsilon = 1e-4, singletons, tolerance } = options;
  checkOneOf(where, 'scale', scale, ['group', 'none']);
  checkAtLeast(where, 'epsilon', epsilon, 0);
  checkLength(where, 'groups', groups.length, rewards.length);
  const functions = rewards[0]?.length ?? 0;
  const weights = options.weights ?? new Float64Array(functions).fill(1);
  checkLength(where, 'weights', weights.length, functions);
  checkAllFinite(where, 'weights', weights);
  const sums = new Float64Array(rewards.length);
  for (let f = 0; f < functions; f++) {
    const column = Array.from(rewards, (row, i) => {
      if (row.length !== functions)
        fail(where, 'rewards', `have ${functions} functions in each row, at [${i}]`, row.length);
      return row[f];
    });
    const { advantages } = groupAdvantagesAs(where, column, groups, { scale, epsilon, singletons, tolerance });
    for (let i = 0; i < sums.length; i++) sums[i]! += weights[f]! * advantages[i]!;
  }
  // a group is constant, or a completion unscorable, when it is so for every function
  const best = Array.from(rewards, (row) => {
    const scorable = Array.from(row).filter((r): r is number => r !== null && r !== undefined && !Number.isNaN(r));
    return scorable.length === 0 ? null : scorable.reduce((a, b) => a + b, 0);
  });
  const summary = groupAdvantagesAs(where, best, groups, { scale: 'none', tolerance });
  normalizeSums(where, sums, best, options);
  return { ...summary, advantages: sums };
}

function normalizeSums(where: string, sums: Float64Array, scorable: (number | null)[], options: GdpoOptions): void {
  const { batch = { ddof: 1, epsilon: 1e-4, epsilonTo: 'deviation' }, counts } = options;
  if (counts !== undefined) {
    checkLength(where, 'counts', counts.length, sums.length);
    for (let i = 0; i < sums.length; i++) checkAtLeast(where, 'counts', counts[i]!, 0);
  }
  // repeating a value `count` times gives it that weight in mean and variance
  const owners: number[] = [];
  for (let i = 0; i < sums.length; i++) {
    if (scorable[i] !== null) for (let n = 0; n < (counts?.[i] ?? 1); n++) owners.push(i);
  }
  const repeated = Float64Array.from(owners, (i) => sums[i]!);
  normalizeFlat(where, repeated, new Uint8Array(owners.length).fill(1), batch);
  sums.fill(0);
  owners.forEach((i, k) => (sums[i] = repeated[k]!));
}
