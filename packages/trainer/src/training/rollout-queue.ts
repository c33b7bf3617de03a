import { collectRollouts, type Collected } from './collect.js';
import type { LossOptions } from './loss-options.js';
import { stopwatch, type Stopwatch } from './stopwatch.js';
import type { TrainingRun } from './training-run.js';

/** The completions of one step after the other. */
export interface RolloutQueue {
  /**
   * The completions of a step, to be called for every step in its turn, between two updates of the policy.
   *
   * @param watch - times what is waited for
   * @returns undefined when the run's signal ended the wait
   */
  next(step: number, watch: Stopwatch): Promise<Collected | undefined>;
}

/**
 * Samples up to `grpo.staleness` steps ahead of the one that is trained on. Which weights a step is sampled from follows from its
 * number alone, never from who was faster: those after step `step − 1 − staleness`, or those the run began with. A step that is
 * sampled ahead is sampled while others are trained on; no more than `staleness + 1` are ever under way, so a slow trainer holds
 * the sampler back.
 *
 * With staleness 0 a step is sampled when it is asked for, from the weights as they are. What is under way when a run ends is
 * dropped: a resumed run samples those steps anew, from the weights of its checkpoint.
 */
export function openRollouts(run: TrainingRun, maths: LossOptions): RolloutQueue {
  const { settings, policy, dataset, signal, clock = () => performance.now() / 1000 } = run;
  const { staleness } = settings.grpo;
  const underWay = new Map<number, { readonly collected: Promise<Collected>; readonly behind: number }>();
  let begun = run.startStep ?? 0;

  /** Hands the present weights over, those after step `now - 1`, and starts to sample from them. */
  const begin = async (step: number, now: number, watch: Stopwatch): Promise<void> => {
    const version = await policy.publish?.(() => dataset.get(0));
    const collected = collectRollouts(run, step, maths, watch, { version, signal });
    collected.catch(() => undefined); // told when its turn comes
    underWay.set(step, { collected, behind: step - now });
    begun = step;
  };

  const take = async (step: number, watch: Stopwatch): Promise<Collected> => {
    const last = Math.min(step + staleness, settings.steps);
    while (begun < last) await begin(begun + 1, step, staleness === 0 ? watch : stopwatch(clock));
    const { collected, behind } = underWay.get(step)!;
    const rollouts = await collected;
    underWay.delete(step);
    if (staleness === 0) return rollouts;
    watch.lap('time/wait');
    return { ...rollouts, metrics: { ...rollouts.metrics, 'sampling/staleness': behind } };
  };

  return {
    next: (step, watch) =>
      take(step, watch).catch((error: unknown) => {
        if (signal?.aborted === true && error === signal.reason) return undefined;
        throw error;
      }),
  };
}
