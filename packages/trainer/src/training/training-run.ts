import type { AdaptiveEntropy } from '@q-insight/core';
import type { AnyReward } from '@q-insight/rewards';
import type { Settings } from '../config/schema.js';
import type { Fingerprints } from '../data/fingerprints.js';
import type { Dataset } from '../data/prompt.js';
import type { Policy } from '../policies/policy.js';
import type { Tracker } from '../tracking/events.js';
import type { Figures } from '../tracking/evaluation-file.js';
import type { Best } from './best-model.js';

/** What `train` works with. */
export interface TrainingRun {
  readonly settings: Settings;
  /** Run folder; checkpoints and the final model go there. */
  readonly folder: string;
  readonly policy: Policy;
  readonly dataset: Dataset;
  readonly rewards: readonly AnyReward[];
  /** By reward name. @defaultValue 1 for every reward */
  readonly weights?: Readonly<Record<string, number>>;
  /** Steps that are done already, with the policy as it was after them. @defaultValue 0 */
  readonly startStep?: number;
  /** The best evaluation in the steps that are done. @defaultValue none */
  readonly best?: Best | undefined;
  /** The entropy bonus as the steps that are done left it. @defaultValue that of the settings */
  readonly entropy?: AdaptiveEntropy | undefined;
  /**
   * Which prompts a step trains on, as indices into the dataset: a curriculum of your own. It must follow from the step alone, or a
   * resumed run goes on differently. @defaultValue every prompt once a pass, each pass in another order
   */
  readonly curriculum?: (step: number) => readonly number[];
  /** SHA-256 of the files that the prompts come from; checkpoints keep it. */
  readonly data?: Fingerprints;
  /** Measures the policy's likeliest answers to held-out prompts, every `settings.evaluate.every` steps; told the step that is done. */
  readonly evaluate?: (step: number) => Promise<Figures>;
  /** Callbacks: each is told of every event in its turn, and waited for. What one throws ends the run. */
  readonly trackers?: readonly Tracker[];
  /** Aborting ends the run after the step at hand, with a checkpoint. */
  readonly signal?: AbortSignal;
  /** Seconds on a clock that only rises. @defaultValue the process's */
  readonly clock?: () => number;
}
