import { qInsightRewards, type Reward } from '@q-insight/rewards';

/** Differs with every length, so that rewards which change places are noticed. */
const brief: Reward = { name: 'brief', range: [0, 1], score: ({ completion }) => 1 / (1 + completion.length / 10) };

/** What the trainers are served here. */
export default { rewards: [...qInsightRewards(), brief], weights: { brief: 0.5 } };
