import { qInsightRewards } from '@q-insight/rewards';
import { train, type TrainingResult } from '../../src/loop.js';
import type { TrainingRun } from '../../src/training/training-run.js';
import type { RunEvent } from '../../src/tracking/events.js';
import { fakeDataset, fakePolicy } from '../fake-policy.js';
import { temporaryFolder } from './temporary.js';

export type StepEvent = Extract<RunEvent, { type: 'step' }>;

/** Trains the fake policy, or what the run names, and gives what each step told. */
export async function trainSteps(
  run: Pick<TrainingRun, 'settings'> & Partial<TrainingRun>,
): Promise<{ readonly steps: StepEvent[]; readonly result: TrainingResult }> {
  const steps: StepEvent[] = [];
  const result = await train({
    folder: temporaryFolder(),
    policy: fakePolicy(),
    dataset: fakeDataset(40),
    rewards: qInsightRewards(),
    trackers: [
      (event) => {
        if (event.type === 'step') steps.push(event);
      },
    ],
    ...run,
  });
  return { steps, result };
}
