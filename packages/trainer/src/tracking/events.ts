import type { Prompt } from '../data/prompt.js';
import type { Completion } from '../policies/policy.js';
import type { AlarmChange } from './alarms/spells.js';
import type { Figures } from './evaluation-file.js';

/** One completion with everything that was made of it. */
export interface Rollout {
  /** Unique in the run. */
  readonly id: string;
  /** All completions of one prompt in one step share it. */
  readonly group: string;
  readonly prompt: Prompt;
  readonly completion: Completion;
  /** By reward name; null where a reward does not apply to the prompt's task. */
  readonly rewards: Readonly<Record<string, number | null>>;
  /** Weighted sum of the rewards that apply; null when none does. */
  readonly total: number | null;
  readonly advantage: number;
}

/** The figures of one step, by the name they have in metrics.jsonl. */
export type StepMetrics = Readonly<Record<string, number>>;

/** Why the loop ended. */
export type Outcome = 'finished' | 'early-stop' | 'time-limit' | 'interrupted';

/** What happens in a run, in order. */
export type RunEvent =
  | { readonly type: 'start'; readonly step: number; readonly steps: number }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly steps: number;
      readonly metrics: StepMetrics;
      readonly rollouts: readonly Rollout[];
    }
  | { readonly type: 'checkpoint'; readonly step: number; readonly folder: string }
  | {
      readonly type: 'evaluation';
      readonly step: number;
      /** Of the likeliest answers to the held-out prompts. */
      readonly figures: Figures;
      /** Whether no earlier evaluation was better. */
      readonly isBest: boolean;
    }
  | ({ readonly type: 'alarm' } & AlarmChange)
  /** Something beside the run went wrong; the run goes on. */
  | { readonly type: 'warning'; readonly text: string }
  | { readonly type: 'end'; readonly step: number; readonly steps: number; readonly outcome: Outcome }
  /** An error ended the run. */
  | { readonly type: 'failed'; readonly message: string }
  /** The run's last files are written: the report, and the evaluation if there is one. */
  | { readonly type: 'report' };

/** Watches a run. The loop waits for it, so a tracker that writes files has written them before the next step. */
export type Tracker = (event: RunEvent) => void | Promise<void>;
