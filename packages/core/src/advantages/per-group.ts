import { checkAtLeast, checkOneOf, fail } from '../checks.js';
import type { GroupId } from '../types.js';
import { groupMembers, isConstant, readRewards } from './grouping.js';

/** What every estimator that compares the completions of a group takes. */
export interface GroupOptions {
  /**
   * A group with one scorable member has nothing to be compared with: advantage 0, its reward as if the baseline were 0
   * (`raw`: what several Python systems do), or an error. @defaultValue 'zero'
   */
  readonly singletons?: 'zero' | 'raw' | 'error' | undefined;
  /** A group is constant when max − min is at most this fraction of its largest magnitude. @defaultValue 1e-12 */
  readonly tolerance?: number | undefined;
}

/** Advantages, and what there is to know about the groups they come from. */
export interface GroupAdvantages {
  /** [B] in the order of the rewards. 0 for unscorable completions. */
  readonly advantages: Float64Array;
  /** Number of groups. */
  readonly groupCount: number;
  /** Groups of two or more scorable members whose rewards are all equal: they teach nothing. */
  readonly zeroVarianceGroups: number;
  /** Groups with exactly one scorable member. */
  readonly singletonGroups: number;
  /** Completions whose reward was null or NaN: left out of every mean and deviation. */
  readonly unscorable: number;
}

/**
 * @internal Runs `estimate` on the scorable members of every group that has two or more and is not constant. It writes into
 * the advantages, which are 0 elsewhere; that constant groups get exactly 0 and what null and singletons mean is decided
 * here, once.
 */
export function advantagesPerGroup(
  where: string,
  rewards: ArrayLike<number | null | undefined>,
  groups: ArrayLike<GroupId>,
  options: GroupOptions,
  estimate: (values: Float64Array, members: readonly number[], advantages: Float64Array) => void,
  raw: (reward: number) => number = (reward) => reward,
): GroupAdvantages {
  const { singletons = 'zero', tolerance = 1e-12 } = options;
  checkOneOf(where, 'singletons', singletons, ['zero', 'raw', 'error']);
  checkAtLeast(where, 'tolerance', tolerance, 0);
  const values = readRewards(where, rewards, groups);
  const advantages = new Float64Array(values.length);
  let [groupCount, zeroVarianceGroups, singletonGroups, unscorable] = [0, 0, 0, 0];

  for (const members of groupMembers(groups)) {
    groupCount++;
    const scorable = members.filter((i) => !Number.isNaN(values[i]!));
    unscorable += members.length - scorable.length;
    if (scorable.length === 0) continue;
    if (scorable.length === 1) {
      singletonGroups++;
      const only = scorable[0]!;
      if (singletons === 'error') fail(where, 'groups', 'have two or more scorable members each', groups[only]);
      if (singletons === 'raw') advantages[only] = raw(values[only]!);
    } else if (isConstant(values, scorable, tolerance)) {
      zeroVarianceGroups++;
    } else {
      estimate(values, scorable, advantages);
    }
  }
  return { advantages, groupCount, zeroVarianceGroups, singletonGroups, unscorable };
}
