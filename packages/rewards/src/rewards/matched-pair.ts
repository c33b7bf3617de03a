import { batchRewardFrom, type BatchReward } from '../batch-reward.js';
import { mean } from '../math/statistics.js';
import { atRank, attributeGroups, type AttributeOptions } from './attribute-groups.js';

/**
 * Whether a completion stands in the right order to completions of the other images that hold the same rank in their groups:
 * for errors e = |q - s| and label gap g = |s_i - s_j|, with `m = g / (g + e_i + e_j)`, `√m` when the order is right and
 * `√(1 - m)` when not; the mean over the other images. Images with equal labels have no order and are left out.
 *
 * Source: R_pair of PreResQ-R1, arXiv 2511.05393; the prediction q is the mean of the answer's last five numbers. Range: 0 to 1.
 * Unreadable: 0. `null` for other tasks, and when there is no image to compare with.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, [matchedPairReward()]);
 * ```
 */
export function matchedPairReward(options: AttributeOptions = {}): BatchReward {
  return batchRewardFrom('matchedPair', [0, 1], 'batch', (samples) => {
    const { groups, unreadable: judgements } = attributeGroups(samples, options.count ?? 5);
    for (const own of groups) {
      const others = groups.filter((other) => other.label !== own.label);
      for (const [rank, { id, prediction }] of own.members.entries()) {
        const values = others.map((other) => {
          const rival = atRank(other, rank).prediction;
          const gap = Math.abs(own.label - other.label);
          const m = gap / (gap + Math.abs(prediction - own.label) + Math.abs(rival - other.label));
          const right = Math.sign(prediction - rival) === Math.sign(own.label - other.label);
          return Math.sqrt(right ? m : 1 - m);
        });
        judgements.set(
          id,
          values.length === 0
            ? { value: null, reason: 'no other image to compare with' }
            : {
                value: mean(values),
                reason: `said ${prediction}, the label is ${own.label}; ${values.length} other images`,
              },
        );
      }
    }
    return judgements;
  });
}
