import { batchRewardFrom, type BatchReward } from '../batch-reward.js';
import { atRank, attributeGroups, type AttributeGroup, type AttributeOptions } from './attribute-groups.js';

/**
 * Whether three images stand in the right order: over all triples of this image with two others, each image by its completion
 * of the same rank, the share of the triple's pairs that are ordered as their labels. Pairs with equal labels are left out.
 *
 * Source: R_triplet of PreResQ-R1, arXiv 2511.05393; the prediction is the mean of the answer's last five numbers.
 * Range: 0 to 1. Unreadable: 0. `null` for other tasks, and when there are not two other images.
 *
 * @example
 * ```ts
 * const table = await runRewards(samples, [tripletReward()]);
 * ```
 */
export function tripletReward(options: AttributeOptions = {}): BatchReward {
  return batchRewardFrom('triplet', [0, 1], 'batch', (samples) => {
    const { groups, unreadable: judgements } = attributeGroups(samples, options.count ?? 5);
    for (const own of groups) {
      const others = groups.filter((other) => other !== own);
      for (const [rank, { id, prediction }] of own.members.entries()) {
        const { right, pairs } = countTriples({ label: own.label, prediction }, others, rank);
        judgements.set(
          id,
          pairs === 0
            ? { value: null, reason: 'no two other images to compare with' }
            : { value: right / pairs, reason: `${right} of ${pairs} pairs in triples are in the right order` },
        );
      }
    }
    return judgements;
  });
}

interface Image {
  readonly label: number;
  readonly prediction: number;
}

function countTriples(own: Image, others: readonly AttributeGroup[], rank: number): { right: number; pairs: number } {
  const rivals = others.map((group): Image => ({ label: group.label, prediction: atRank(group, rank).prediction }));
  let right = 0;
  let pairs = 0;
  for (const [index, second] of rivals.entries()) {
    for (const third of rivals.slice(index + 1)) {
      for (const [a, b] of [
        [own, second],
        [own, third],
        [second, third],
      ] as const) {
        if (a.label === b.label) continue;
        pairs += 1;
        if (Math.sign(a.prediction - b.prediction) === Math.sign(a.label - b.label)) right += 1;
      }
    }
  }
  return { right, pairs };
}
