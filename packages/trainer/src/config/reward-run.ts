import type { RewardSet } from '@q-insight/rewards/server';
import { z } from 'zod';

const policy = z.enum(['fail-run', 'fail-group', 'skip', 'null', 'zero']);

/** How a set of rewards is run: the keys of a YAML file beside `preset`, or of a module's set beside `rewards`. */
export const rewardRunShape = {
  /** Weight of each reward in the sum, by name; 0 leaves a reward out. @defaultValue the preset's, else 1 */
  weights: z.record(z.string(), z.number()).optional(),
  /** What becomes of a sample whose reward fails, for all rewards or by name. @defaultValue 'null' */
  onError: z.union([policy, z.record(z.string(), policy)]).nullish(), // a YAML file says null where it means the text
  /** Milliseconds a call may take. @defaultValue no limit */
  timeout: z.number().min(1).optional(),
  /** How often a failed call is tried again. @defaultValue 0 */
  retries: z.int().min(0).optional(),
  /** Milliseconds before the first of these. @defaultValue 100 */
  backoff: z.number().min(0).optional(),
  /** Calls under way at once, in one request. @defaultValue 64 */
  concurrency: z.int().min(1).optional(),
  /** Whether a sample without a label is refused. @defaultValue 'required' */
  labels: z.enum(['required', 'optional']).optional(),
  /** What callers that know numbers only are told of a sample without any reward. @defaultValue 0 */
  floor: z.number().optional(),
};

type RewardRun = z.output<z.ZodObject<typeof rewardRunShape>>;

/** The set of some rewards and how they are run, without those of weight 0. */
export function rewardSetOf(rewards: RewardSet['rewards'], run: RewardRun): RewardSet {
  const { weights = {}, onError, ...rest } = run;
  const set = {
    ...rest,
    rewards: rewards.filter((reward) => weights[reward.name] !== 0),
    weights: Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight !== 0)),
    ...(onError === undefined ? {} : { onError: onError ?? 'null' }),
  };
  return set as RewardSet; // zod lets what may be left out be `undefined` too
}
