import { collectGroups, groupAdvantages, type Collection, type SampledGroup } from '@q-insight/core';
import { isBatchReward, runRewards } from '@q-insight/rewards';
import type { Prompt } from '../data/prompt.js';
import type { Completion } from '../policies/policy.js';
import type { Rollout, StepMetrics } from '../tracking/events.js';
import type { LossOptions } from './loss-options.js';
import { promptIndices } from './prompt-order.js';
import type { Stopwatch } from './stopwatch.js';
import type { TrainingRun } from './training-run.js';

/** A completion with its rewards, before it is compared with the others of its prompt. */
type Rewarded = Omit<Rollout, 'advantage'>;

/** The completions a step trains on. */
export interface Collected {
  /** One list a prompt. */
  readonly groups: Rollout[][];
  /** What sampling took; empty without dynamic sampling. */
  readonly metrics: StepMetrics;
}

/** Weights that a step's completions are drawn from, and what ends the drawing. */
export interface Source {
  /** As the policy numbered them; undefined = its present ones. */
  readonly version?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Samples a group of completions for each prompt of a step, rewards them, and compares each with the others of its prompt.
 *
 * With dynamic sampling (DAPO, arXiv 2503.14476, section 3.2) groups whose rewards are all equal are replaced by those of other
 * prompts, for as many rounds as allowed. When those are used up, the step trains on what it has; on the groups of the
 * first round, where none is any good.
 */
export async function collectRollouts(
  run: TrainingRun,
  step: number,
  maths: LossOptions,
  watch: Stopwatch,
  source: Source = {},
): Promise<Collected> {
  const { promptsPerStep, dynamicSampling } = run.settings.grpo;
  const { dataset, settings } = run;
  const indices = run.curriculum?.(step) ?? promptIndices(dataset.length, promptsPerStep, step, settings.seed);
  const first = await sampleRound(run, step, 0, indices, watch, source);
  if (dynamicSampling === undefined) return { groups: compared(first, maths), metrics: {} };

  const { maxRounds, band } = dynamicSampling;
  const options = { target: promptsPerStep, maxRounds, band };
  const asked = new Set(indices);
  let collection: Collection<Rewarded[]> = collectGroups(undefined, first.map(asSampled), options);
  while (collection.status === 'more') {
    const more = others(run, step, asked);
    if (more.length === 0) break; // every prompt of the dataset was asked
    more.forEach((index) => asked.add(index));
    const round = await sampleRound(run, step, collection.rounds, more, watch, source);
    collection = collectGroups(collection, round.map(asSampled), options);
  }
  const kept = collection.kept.map(({ item }) => item);
  return {
    groups: compared(kept.length > 0 ? kept : first, maths),
    metrics: {
      'sampling/rounds': collection.rounds,
      'sampling/rejected_groups': collection.rejected,
      'sampling/kept_groups': kept.length,
    },
  };
}

/** Prompts that the step has not asked yet, in an order of its own. */
function others({ settings, dataset }: TrainingRun, step: number, asked: ReadonlySet<number>): number[] {
  const { seed, grpo } = settings;
  const order = promptIndices(dataset.length, dataset.length, 1, `${seed}/more/${step}`);
  return order.filter((index) => !asked.has(index)).slice(0, grpo.promptsPerStep);
}

async function sampleRound(
  run: TrainingRun,
  step: number,
  round: number,
  indices: readonly number[],
  watch: Stopwatch,
  source: Source,
): Promise<Rewarded[][]> {
  const { settings, policy, dataset, rewards } = run;
  const { groupSize, maxTokens, temperature, promptsPerStep } = settings.grpo;
  const prompts = await Promise.all(indices.map((index) => dataset.get(index)));
  const seed = `${settings.seed}/sample/${step}${round === 0 ? '' : `/${round}`}`;
  // not the prompt's id: a small dataset may show a prompt twice in a step
  const answered = (p: number, completions: readonly Completion[]): Answered => {
    return { group: `${step}.${round * promptsPerStep + p}`, prompt: prompts[p]!, completions };
  };
  const rewarded: Promise<Rewarded[][]>[] = [];
  const onGroup = (p: number, group: readonly Completion[]) => {
    rewarded[p] = rewardGroups(run, [answered(p, group)]);
    rewarded[p].catch(() => undefined); // told when the round is waited for
  };
  const comparesPrompts = rewards.some((reward) => isBatchReward(reward) && reward.scope !== 'group');
  const sampling = { groupSize, maxTokens, temperature, seed, ...source, ...(!comparesPrompts && { onGroup }) };
  const completions = await policy.sample(prompts, sampling);
  watch.lap('time/sample');
  if (comparesPrompts)
    rewarded.push(rewardGroups(run, completions.map((group, p) => answered(p, group)))); // prettier-ignore
  else for (const [p, group] of completions.entries()) if (rewarded[p] === undefined) onGroup(p, group);
  const groups = (await Promise.all(rewarded)).flat();
  watch.lap('time/reward');
  return groups;
}

/** A prompt with its completions. */
interface Answered {
  /** Unique in the run. */
  readonly group: string;
  readonly prompt: Prompt;
  readonly completions: readonly Completion[];
}

async function rewardGroups(
  { rewards, weights = {} }: TrainingRun,
  groups: readonly Answered[],
): Promise<Rewarded[][]> {
  const asked = groups.map(({ group, prompt, completions }) =>
    completions.map((completion, g) => ({ id: `${group}.${g}`, group, prompt, completion })),
  );
  const samples = asked.flat().map(({ id, group, prompt, completion: { text, tokens, finishReason } }) => {
    return { id, group, completion: text, completionIds: tokens, finishReason, label: prompt.label };
  });
  const { names, values, totals } = await runRewards(samples, rewards, { weights });
  let row = 0;
  return asked.map((group) =>
    group.map((one) => {
      const total = totals[row]!;
      const own = values[row++]!;
      return { ...one, rewards: Object.fromEntries(names.map((name, column) => [name, own[column]!])), total };
    }),
  );
}

const asSampled = (group: Rewarded[]): SampledGroup<Rewarded[]> => ({
  id: group[0]!.group,
  rewards: group.map(({ total }) => total),
  item: group,
});

/** Turns rewards into advantages within each group. */
function compared(groups: readonly Rewarded[][], maths: LossOptions): Rollout[][] {
  const all = groups.flat();
  const totals = all.map(({ total }) => total);
  const ids = all.map(({ group }) => group);
  const { advantages } = groupAdvantages(totals, ids, maths.advantages);
  let row = 0;
  return groups.map((group) => group.map((one) => ({ ...one, advantage: advantages[row++]! })));
}
