import { qInsightRewards, type Reward } from '@q-insight/rewards';
import type { Settings } from '../config/schema.js';

/** The reward functions of a run with their weights; those of weight 0 are left out. */
export function rewardsOf({ weights, style, scoreThreshold }: Settings['rewards']): {
  rewards: Reward[];
  weights: Record<string, number>;
} {
  const weightOf = (reward: Reward) => (weights as Record<string, number>)[reward.name] ?? 1;
  const rewards = qInsightRewards({ style, score: { threshold: scoreThreshold } }).filter(
    (reward) => weightOf(reward) > 0,
  );
  return { rewards, weights: Object.fromEntries(rewards.map((reward) => [reward.name, weightOf(reward)])) };
}
