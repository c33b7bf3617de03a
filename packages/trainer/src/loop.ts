import { saveCheckpoint, saveModel, type TrainerState } from './checkpoints.js';
import { settingsHash } from './config/run-folder.js';
import { learningRateAt } from './models/schedules.js';
import type { Outcome, RunEvent, StepMetrics } from './tracking/events.js';
import { memoryMetrics } from './tracking/memory.js';
import { rolloutMetrics } from './tracking/step-metrics.js';
import { betterOf, isPatienceOver } from './training/best-model.js';
import { initialEntropy } from './training/entropy-control.js';
import { lossOptions } from './training/loss-options.js';
import { microBatches } from './training/micro-batch.js';
import { openRollouts } from './training/rollout-queue.js';
import { stopwatch } from './training/stopwatch.js';
import type { TrainingRun } from './training/training-run.js';
import { updatePolicy } from './training/update-policy.js';

/** How a run ended. */
export interface TrainingResult {
  readonly outcome: Outcome;
  /** The last step that was done. */
  readonly step: number;
}

/**
 * Trains a policy with GRPO, from `startStep` to `settings.steps`.
 *
 * Each step: sample a group of completions per prompt, reward them, turn rewards into advantages within each group, push
 * the loss's gradient through the model in micro-batches that add up to the whole, and take one optimizer step. Everything
 * random follows from (seed, step), so the same settings give the same run, and a run resumed from a checkpoint goes on as
 * if it had not stopped.
 */
export async function train(run: TrainingRun): Promise<TrainingResult> {
  const { settings, folder, policy, signal, clock = () => performance.now() / 1000 } = run;
  const { grpo, optimizer, steps, seed } = settings;
  if (grpo.referenceSync && !policy.syncReference) {
    throw new Error('grpo.referenceSync: this policy cannot move its reference');
  }
  const maths = lossOptions(grpo, settings.sampler.kind, settings.model.tinker?.loss);
  // A run shorter than its warm-up ends within it.
  const schedule = { ...optimizer, totalSteps: Math.max(steps, optimizer.warmupSteps) };
  const stateAt = (done: number): TrainerState => {
    return {
      version: 1,
      step: done,
      steps,
      seed,
      settingsHash: settingsHash(settings),
      data: run.data,
      ...(best && { best }),
      ...(grpo.entropy.adaptive && { entropy }),
    };
  };
  const tell = async (event: RunEvent) => {
    for (const track of run.trackers ?? []) await track(event);
  };

  let step = run.startStep ?? 0;
  let best = run.best;
  let entropy = run.entropy ?? initialEntropy(grpo.entropy);
  let saved = step;
  const save = async () => {
    if (saved === step) return;
    const checkpoint = await saveCheckpoint(folder, stateAt(step), settings.keep, (to) => policy.save(to));
    saved = step;
    await tell({ type: 'checkpoint', step, folder: checkpoint });
  };
  const judge = async (measure: NonNullable<TrainingRun['evaluate']>) => {
    const figures = await measure(step);
    best = betterOf(best, step, figures, settings.evaluate);
    const isBest = best?.step === step;
    if (isBest) await saveModel(folder, 'best', stateAt(step), (to) => policy.save(to, 'weights'));
    await tell({ type: 'evaluation', step, figures, isBest });
  };
  const queue = openRollouts(run, maths);
  const isStale = () => isPatienceOver(best, step, settings.evaluate);
  const limit = clock() + (settings.timeLimitMinutes ?? Infinity) * 60;
  await tell({ type: 'start', step, steps });

  while (step < steps && signal?.aborted !== true && clock() < limit && !isStale()) {
    const watch = stopwatch(clock);
    const collected = await queue.next(step + 1, watch);
    if (collected === undefined) break; // interrupted
    step++;
    const { groups, metrics: sampling } = collected;
    const rollouts = groups.flat();

    const learningRate = learningRateAt(step - 1, schedule);
    const batches = microBatches(rollouts, { ...grpo, aggregation: maths.aggregation });
    const rate = { ...optimizer, learningRate };
    const updated = await updatePolicy(policy, batches, { step, grpo, maths, optimizer: rate, entropy });
    ({ entropy } = updated);
    const sync = grpo.referenceSync;
    if (sync && step % sync.every === 0) await policy.syncReference?.(sync.alpha);
    watch.lap('time/update');

    const tokens = rollouts.reduce((sum, { completion }) => sum + completion.tokens.length, 0);
    const metrics: StepMetrics = {
      ...rolloutMetrics(groups),
      ...sampling,
      ...updated.metrics,
      learning_rate: learningRate,
      tokens_per_second: tokens / Math.max(watch.total(), 1e-9),
      step_time: watch.total(),
      ...watch.laps(),
      ...memoryMetrics(policy),
    };
    await tell({ type: 'step', step, steps, metrics, rollouts });
    if (run.evaluate && step % (settings.evaluate.every ?? Infinity) === 0) await judge(run.evaluate);
    if (step % settings.saveEvery === 0) await save();
  }

  const outcome: Outcome = outcomeOf(step >= steps, signal?.aborted === true, isStale());
  await save();
  if (outcome !== 'interrupted') await saveModel(folder, 'final', stateAt(step), (to) => policy.save(to, 'weights'));
  await tell({ type: 'end', step, steps, outcome });
  return { outcome, step };
}

function outcomeOf(isDone: boolean, isAborted: boolean, isStale: boolean): Outcome {
  if (isDone) return 'finished';
  if (isAborted) return 'interrupted';
  return isStale ? 'early-stop' : 'time-limit';
}
