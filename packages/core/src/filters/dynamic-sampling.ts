import { checkAtLeast, checkFinite, checkPositive, fail } from '../checks.js';
import { seeded } from '../random.js';

/** A prompt's completions with their rewards, and whatever travels with them. */
export interface SampledGroup<T> {
  /** The prompt's name. */
  readonly id: string;
  /** One a completion; null = not applicable. */
  readonly rewards: readonly (number | null)[];
  /** Anything. */
  readonly item: T;
}

/** Which groups are worth training on. */
export interface KeepOptions {
  /**
   * Keep groups whose mean reward lies strictly between these; absent = keep groups whose rewards are not all equal, as DAPO does.
   * A band on the mean also drops groups that are nearly always right or wrong (EasyR1: 0.01 to 0.99).
   */
  readonly band?: readonly [low: number, high: number] | undefined;
  /** Rewards are equal when they differ by at most this. @defaultValue 1e-6 */
  readonly tolerance?: number | undefined;
}

/** Options of {@link collectGroups}. */
export interface CollectOptions extends KeepOptions {
  /** Groups wanted. */
  readonly target: number;
  /** Rounds of sampling to make at most. @defaultValue 30 */
  readonly maxRounds?: number | undefined;
}

/** Where dynamic sampling stands. `more`: sample again; the others are final. */
export interface Collection<T> {
  /**
   * `filled`: `kept` has the target. `partial`: rounds are used up, `kept` has less. `exhausted`: rounds are used up and there is
   * nothing to train on.
   */
  readonly status: 'more' | 'filled' | 'partial' | 'exhausted';
  /** Good groups, at most the target. */
  readonly kept: readonly SampledGroup<T>[];
  /** Good groups beyond the target, in order; a start for the next step. */
  readonly surplus: readonly SampledGroup<T>[];
  /** Rounds made. */
  readonly rounds: number;
  /** Groups not kept so far. */
  readonly rejected: number;
}

/**
 * One round of dynamic sampling: adds the groups worth training on to those of earlier rounds.
 *
 * See DAPO, arXiv 2503.14476, section 3.2. It never throws and never pads with dead groups in silence: the outcome says what
 * happened.
 *
 * @param collection - as the last round returned it; undefined on the first.
 * @param sampled - the groups of this round.
 * @throws RangeError for a target or number of rounds that is no whole number above 0, or a band out of order.
 * @example
 * ```ts
 * const groups = [{ id: 'a', rewards: [1, 1], item: 0 }, { id: 'b', rewards: [1, 0], item: 0 }];
 * collectGroups(undefined, groups, { target: 1 }).status; // 'filled'
 * ```
 */
export function collectGroups<T>(
  collection: Collection<T> | undefined,
  sampled: readonly SampledGroup<T>[],
  options: CollectOptions,
): Collection<T> {
  const { target, maxRounds = 30 } = options;
  checkCount('collectGroups', 'target', target);
  checkCount('collectGroups', 'maxRounds', maxRounds);
  const good = [...(collection?.kept ?? []), ...sampled.filter((group) => isInformative(group.rewards, options))];
  const rounds = (collection?.rounds ?? 0) + 1;
  const kept = good.slice(0, target);
  const status =
    kept.length === target ? 'filled' : rounds < maxRounds ? 'more' : kept.length > 0 ? 'partial' : 'exhausted';
  const before = collection?.kept.length ?? 0;
  const rejected = (collection?.rejected ?? 0) + sampled.length - (good.length - before);
  return { status, kept, surplus: good.slice(target), rounds, rejected };
}

function checkCount(where: string, argument: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) fail(where, argument, 'be a whole number above 0', value);
}

/**
 * Whether a group of rewards is worth training on: its scorable rewards differ, or their mean lies within the band.
 *
 * @param rewards - one a completion; null and NaN are left out.
 * @throws RangeError for a band out of order or a negative tolerance.
 * @example
 * ```ts
 * isInformative([1, 1, 0]); // true
 * isInformative([1, 1, 0], { band: [0.1, 0.5] }); // false
 * ```
 */
export function isInformative(rewards: readonly (number | null)[], options: KeepOptions = {}): boolean {
  const { band, tolerance = 1e-6 } = options;
  const scorable = rewards.filter((r): r is number => r !== null && !Number.isNaN(r));
  if (band !== undefined && !(band[0] < band[1]))
    fail('isInformative', 'band', 'be [low, high] with low < high', [...band]);
  checkAtLeast('isInformative', 'tolerance', tolerance, 0);
  if (scorable.length < 2) return false;
  if (band !== undefined) {
    const mean = scorable.reduce((a, b) => a + b, 0) / scorable.length;
    return mean > band[0] && mean < band[1];
  }
  return Math.max(...scorable) - Math.min(...scorable) > tolerance;
}

/** What {@link replaceGroups} returns. */
export interface Replacement<T> {
  /** As many as were given, in their order. */
  readonly groups: SampledGroup<T>[];
  /** How many of them are copies. */
  readonly replaced: number;
}

/**
 * Replaces groups that teach nothing by copies of ones that do, so that a step keeps its size without sampling again; as SkyRL's
 * `replace`. Leaves everything as it is when too few are good, for a batch of copies of one prompt is worse than a small one.
 *
 * @param options - which groups to keep, the least share of good groups (default 0.3), and the seed of the choice.
 * @returns the groups, and how many were replaced.
 * @throws RangeError for a share outside [0, 1].
 * @example
 * ```ts
 * const groups = [{ id: 'a', rewards: [1, 1], item: 0 }, { id: 'b', rewards: [1, 0], item: 0 }];
 * replaceGroups(groups, { seed: 'step 1' }).groups.map((g) => g.id); // ['b', 'b']
 * ```
 */
export function replaceGroups<T>(
  groups: readonly SampledGroup<T>[],
  options: KeepOptions & { readonly seed: string; readonly minShare?: number },
): Replacement<T> {
  const { minShare = 0.3, seed } = options;
  checkAtLeast('replaceGroups', 'minShare', minShare, 0);
  if (minShare > 1) fail('replaceGroups', 'minShare', 'be at most 1', minShare);
  const good = groups.filter((group) => isInformative(group.rewards, options));
  if (good.length === 0 || good.length <= minShare * groups.length) return { groups: [...groups], replaced: 0 };
  const random = seeded(seed);
  const pick = () => good[Math.floor(random() * good.length)]!;
  const filled = groups.map((group) => (isInformative(group.rewards, options) ? group : pick()));
  return { groups: filled, replaced: groups.length - good.length };
}

/** Prompts that need no more training, by id; plain data, to be saved with a checkpoint. */
export type RetiredPrompts = Readonly<Record<string, true>>;

/**
 * Retires prompts that are solved: those whose share of good completions reaches a rate (open-instruct's
 * `no_resampling_pass_rate`).
 *
 * @param retired - as this function returned it last time; not changed.
 * @param groups - groups of this step.
 * @param options - the pass rate (default 0.9) and the reward above which a completion is good (default 0.5).
 * @throws RangeError for a rate outside (0, 1], or a `goodAbove` that is no number.
 * @example
 * ```ts
 * retireSolved({}, [{ id: 'a', rewards: [1, 1], item: 0 }]); // { a: true }
 * ```
 */
export function retireSolved(
  retired: RetiredPrompts,
  groups: readonly SampledGroup<unknown>[],
  options: { readonly passRate?: number; readonly goodAbove?: number } = {},
): RetiredPrompts {
  const { passRate = 0.9, goodAbove = 0.5 } = options;
  checkPositive('retireSolved', 'passRate', passRate);
  if (passRate > 1) fail('retireSolved', 'passRate', 'be at most 1', passRate);
  checkFinite('retireSolved', 'goodAbove', goodAbove);
  const solved = groups.filter(({ rewards }) => {
    const scorable = rewards.filter((r): r is number => r !== null && !Number.isNaN(r));
    return scorable.length > 0 && scorable.filter((r) => r > goodAbove).length >= passRate * scorable.length;
  });
  return { ...retired, ...Object.fromEntries(solved.map(({ id }) => [id, true as const])) };
}
