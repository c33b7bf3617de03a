import fc from 'fast-check';
import { arbitraryRewardGroups } from './arbitraries.js';
import { assertClose } from './close.js';

/** An estimator under test: rewards and group ids in, one advantage a completion out. */
export type AdvantageEstimator = (rewards: readonly number[], groups: readonly number[]) => ArrayLike<number>;

/** Options of every law. */
export interface LawOptions {
  /** Cases to try. @defaultValue fast-check's own, 100 unless configured */
  readonly runs?: number;
  /** Differences up to this are taken for rounding. @defaultValue 1e-6 */
  readonly tolerance?: number;
}

/** @internal */
export const runsOf = ({ runs }: LawOptions): { numRuns?: number } => (runs === undefined ? {} : { numRuns: runs });

/**
 * Adding a constant to all rewards changes no advantage: A(r + c) = A(r).
 *
 * @param estimate - the estimator.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawShiftInvariant((rewards, groups) => groupAdvantages(rewards, groups).advantages);
 * ```
 */
export function lawShiftInvariant(estimate: AdvantageEstimator, options: LawOptions = {}): void {
  const { tolerance = 1e-6 } = options;
  fc.assert(
    fc.property(arbitraryRewardGroups(), fc.integer({ min: -64, max: 64 }), ({ rewards, groups }, shift) => {
      const shifted = rewards.map((r) => r + shift);
      assertClose('shift invariance', estimate(shifted, groups), estimate(rewards, groups), tolerance);
    }),
    runsOf(options),
  );
}

/**
 * Multiplying all rewards by a positive number changes no advantage: A(k r) = A(r). Holds without an epsilon only.
 *
 * @param estimate - the estimator.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawScaleInvariant((rewards, groups) => groupAdvantages(rewards, groups, { epsilon: 0 }).advantages);
 * ```
 */
export function lawScaleInvariant(estimate: AdvantageEstimator, options: LawOptions = {}): void {
  const { tolerance = 1e-6 } = options;
  fc.assert(
    fc.property(arbitraryRewardGroups(), fc.integer({ min: 1, max: 64 }), ({ rewards, groups }, factor) => {
      const scaled = rewards.map((r) => r * factor);
      assertClose('scale invariance', estimate(scaled, groups), estimate(rewards, groups), tolerance);
    }),
    runsOf(options),
  );
}

/**
 * Completions may come in any order, and groups may have any names: A follows its completion.
 *
 * @param estimate - the estimator.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawPermutationEquivariant((rewards, groups) => groupAdvantages(rewards, groups).advantages);
 * ```
 */
export function lawPermutationEquivariant(estimate: AdvantageEstimator, options: LawOptions = {}): void {
  const { tolerance = 1e-6 } = options;
  const orders = arbitraryRewardGroups().chain((given) =>
    fc.record({
      given: fc.constant(given),
      order: fc.shuffledSubarray([...given.rewards.keys()], { minLength: given.rewards.length }),
      names: fc.shuffledSubarray([10, 11, 12, 13], { minLength: 4 }),
    }),
  );
  fc.assert(
    fc.property(orders, ({ given: { rewards, groups }, order, names }) => {
      const permuted = estimate(
        order.map((i) => rewards[i]!),
        order.map((i) => names[groups[i]!]!),
      );
      const expected = estimate(rewards, groups);
      assertClose(
        'permutation',
        permuted,
        order.map((i) => expected[i]!),
        tolerance,
      );
    }),
    runsOf(options),
  );
}

/**
 * What one group gains another cannot feel: changing a group's rewards leaves the advantages of all others alone. Estimators
 * that use statistics of the whole batch break it, by design.
 *
 * @param estimate - the estimator.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawGroupsIndependent((rewards, groups) => groupAdvantages(rewards, groups).advantages);
 * ```
 */
export function lawGroupsIndependent(estimate: AdvantageEstimator, options: LawOptions = {}): void {
  const { tolerance = 1e-6 } = options;
  fc.assert(
    fc.property(arbitraryRewardGroups(), fc.integer({ min: 0, max: 9 }), ({ rewards, groups }, change) => {
      const others = [...groups.keys()].filter((i) => groups[i] !== groups[0]);
      // 0 takes every reward away: some estimators count how many completions got any
      const anew = (r: number, i: number): number => (change === 0 ? 0 : r * change + i);
      const changed = rewards.map((r, i) => (groups[i] === groups[0] ? anew(r, i) : r));
      const [before, after] = [estimate(rewards, groups), estimate(changed, groups)];
      assertClose(
        'independence of groups',
        others.map((i) => after[i]!),
        others.map((i) => before[i]!),
        tolerance,
      );
    }),
    runsOf(options),
  );
}

/**
 * Advantages of a group add up to 0: what is reinforced in one completion is taken from the others.
 *
 * @param estimate - the estimator.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawZeroSum((rewards, groups) => groupAdvantages(rewards, groups).advantages);
 * ```
 */
export function lawZeroSum(estimate: AdvantageEstimator, options: LawOptions = {}): void {
  const { tolerance = 1e-6 } = options;
  fc.assert(
    fc.property(arbitraryRewardGroups(), ({ rewards, groups }) => {
      const advantages = estimate(rewards, groups);
      const names = [...new Set(groups)];
      const sums = names.map((name) =>
        groups.reduce((sum, group, i) => (group === name ? sum + advantages[i]! : sum), 0),
      );
      assertClose(
        'zero sum',
        sums,
        names.map(() => 0),
        tolerance,
      );
    }),
    runsOf(options),
  );
}

/**
 * Groups of equal rewards get exactly 0, whatever the reward: not a rounding residue blown up by a small deviation.
 *
 * @param estimate - the estimator.
 * @throws Error with a counterexample when the law is broken.
 * @example
 * ```ts
 * lawConstantGroupsAreZero((rewards, groups) => groupAdvantages(rewards, groups, { epsilon: 0 }).advantages);
 * ```
 */
export function lawConstantGroupsAreZero(estimate: AdvantageEstimator, options: LawOptions = {}): void {
  const constant = fc.record({
    reward: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    size: fc.integer({ min: 2, max: 16 }),
  });
  fc.assert(
    fc.property(constant, ({ reward, size }) => {
      const advantages = estimate(Array<number>(size).fill(reward), Array<number>(size).fill(0));
      assertClose('zero variance', advantages, Array<number>(size).fill(0), 0);
    }),
    runsOf(options),
  );
}
