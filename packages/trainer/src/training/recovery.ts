import { latestCheckpoint, type Checkpoint } from '../checkpoints.js';
import { PolicyLost } from '../policies/policy-lost.js';

/** Options of {@link withRecovery}. */
export interface RecoveryOptions {
  /** Run folder, which the checkpoints are in. */
  readonly folder: string;
  /** Losses that are made up for in a row, without a newer checkpoint between them. */
  readonly recoveries: number;
  /** Told of each loss that is made up for. */
  readonly onLoss: (message: string) => void;
}

const stepOf = (checkpoint: Checkpoint | undefined): number => checkpoint?.state.step ?? 0;

/**
 * Trains, and each time the policy is lost once more from the last checkpoint: what was done after it is done again.
 *
 * @param attempt - opens a policy, loads the checkpoint if there is one, and trains on from its step
 * @param start - what the first attempt goes on from
 * @throws what an attempt threw, when it is another error or the policy was lost too often
 */
export async function withRecovery<Result>(
  attempt: (from: Checkpoint | undefined) => Promise<Result>,
  start: Checkpoint | undefined,
  { folder, recoveries, onLoss }: RecoveryOptions,
): Promise<Result> {
  let from = start;
  for (let losses = 0; ;) {
    try {
      return await attempt(from);
    } catch (error) {
      if (!(error instanceof PolicyLost)) throw error;
      const latest = latestCheckpoint(folder);
      losses = stepOf(latest) > stepOf(from) ? 1 : losses + 1;
      if (losses > recoveries) throw error;
      from = latest;
      onLoss(`the policy is lost (${error.message}); going on after step ${stepOf(from)} (${losses} of ${recoveries})`);
    }
  }
}
