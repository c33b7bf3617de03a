import { qInsightRewards, rewardPresets, type AnyReward } from '@q-insight/rewards';
import type { Settings } from '../config/schema.js';

/** The reward functions of a run with their weights; those of weight 0 are left out. */
export function rewardsOf({ preset, weights: own, style, scoreThreshold }: Settings['rewards']): {
  rewards: AnyReward[];
  weights: Record<string, number>;
} {
  const { rewards, weights } =
    preset === 'q-insight'
      ? { rewards: qInsightRewards({ style, score: { threshold: scoreThreshold } }), weights: {} }
      : rewardPresets[preset]();
  const weightOf = ({ name }: AnyReward) => own[name] ?? (weights as Record<string, number>)[name] ?? 1;
  const used = rewards.filter((reward) => weightOf(reward) > 0);
  return { rewards: used, weights: Object.fromEntries(used.map((reward) => [reward.name, weightOf(reward)])) };
}
