import { batchRewardFrom, type BatchReward } from '../batch-reward.js';
import { mean } from '../math/statistics.js';
import { attributeGroups, type AttributeOptions } from './attribute-groups.js';

/** Options of {@link intraGroupReward}. */
export interface IntraGroupRewardOptions extends AttributeOptions {
  /**
   * How near to a triple's median still counts as the median.
   * @defaultValue 0.05
   */
  readonly tolerance?: number;
  /**
   * Highest value.
   * @defaultValue 0.5
   */
  readonly scale?: number;
}

/**
 * Whether a completion agrees with the others of its group: over all triples of it with two others, and over all scores it
 * lists, the share in which its score is the triple's median, or within `tolerance` of it; times `scale`.
 *
 * Source: R_intra of PreResQ-R1, arXiv 2511.05393. Range: 0 to `scale`. Unreadable: 0. `null` for other tasks, and when the
 * group has not three readable completions.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, [intraGroupReward()]);
 * ```
 */
export function intraGroupReward(options: IntraGroupRewardOptions = {}): BatchReward {
  const { count = 5, tolerance = 0.05, scale = 0.5 } = options;
  return batchRewardFrom('intraGroup', [0, scale], 'group', (samples) => {
    const { groups, unreadable: judgements } = attributeGroups(samples, count);
    for (const { members } of groups) {
      for (const { id, scores } of members) {
        if (members.length < 3) {
          judgements.set(id, { value: null, reason: 'the group has not three readable completions' });
          continue;
        }
        const others = members.filter((member) => member.id !== id).map((member) => member.scores);
        const share = mean(
          scores.map((score, attribute) => {
            const rivals = others.map((other) => other[attribute]!);
            return medianShare(score, rivals, tolerance);
          }),
        );
        judgements.set(id, {
          value: scale * share,
          reason: `the median in ${Number((100 * share).toFixed(1))} % of triples`,
        });
      }
    }
    return judgements;
  });
}

/** In which share of the triples (score, a, b) the score is within `tolerance` of the median. */
function medianShare(score: number, rivals: readonly number[], tolerance: number): number {
  let near = 0;
  let triples = 0;
  for (const [index, a] of rivals.entries()) {
    for (const b of rivals.slice(index + 1)) {
      const median = Math.max(Math.min(a, b), Math.min(Math.max(a, b), score));
      if (Math.abs(score - median) <= tolerance) near += 1;
      triples += 1;
    }
  }
  return near / triples;
}
