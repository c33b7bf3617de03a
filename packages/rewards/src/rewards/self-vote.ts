import type { BatchReward } from '../batch-reward.js';
import { fidelityReward, type FidelityRewardOptions } from './fidelity.js';

/** One of the model's own comparisons of two images, named by their groups. */
export interface Vote {
  /** The first image. */
  readonly a: string;
  /** The second image. */
  readonly b: string;
  /** Which was judged better. */
  readonly better: 'a' | 'b' | 'similar';
}

/** Options of {@link selfVoteReward}. */
export interface SelfVoteRewardOptions extends Omit<FidelityRewardOptions, 'preference'> {
  /** Several comparisons of each pair of images, in any order. */
  readonly votes: readonly Vote[];
}

/**
 * {@link fidelityReward} without human scores: which of two images is better is what the majority of the model's own
 * comparisons says (a draw is a tie, t = 0.5); pairs without votes are left out. The labels' scores are not used.
 *
 * Source: EvoQuality, arXiv 2509.25787. Range: as {@link fidelityReward}. `null` when no pair with this image has votes.
 *
 * @example
 * ```ts
 * const reward = selfVoteReward({ votes: [{ a: 'img1', b: 'img2', better: 'a' }] });
 * ```
 */
export function selfVoteReward(options: SelfVoteRewardOptions): BatchReward {
  const { votes, ...rest } = options;
  const balance = new Map<string, number>();
  for (const { a, b, better } of votes) {
    const swapped = b < a;
    const forFirst = { a: 1, b: -1, similar: 0 }[better] * (swapped ? -1 : 1);
    const pair = pairKey(a, b);
    balance.set(pair, (balance.get(pair) ?? 0) + forFirst);
  }
  const preference = (group: string, other: string): number | undefined => {
    const sum = balance.get(pairKey(group, other));
    if (sum === undefined) return undefined;
    const forGroup = Math.sign(sum) * (other < group ? -1 : 1);
    return (forGroup + 1) / 2;
  };
  return { ...fidelityReward({ ...rest, preference }), name: 'selfVote' };
}

function pairKey(a: string, b: string): string {
  return JSON.stringify(a < b ? [a, b] : [b, a]);
}
