import { runRewards, type AnyReward, type RewardTable, type Sample } from '@q-insight/rewards';
import type { Dataset, Prompt } from '../data/prompt.js';
import type { Completion, Policy } from '../policies/policy.js';
import { reportOn, type EvaluatedAnswer, type EvaluationReport } from './report.js';

/** Options of {@link evaluate}. */
export interface EvaluateOptions {
  /** 0 takes the likeliest token each time (greedy). */
  readonly temperature: number;
  /** Answers per prompt. @defaultValue 1 */
  readonly samples?: number;
  /** Longest answer in tokens. */
  readonly maxTokens: number;
  /** Decides the sampled tokens. */
  readonly seed: string;
  /** The first so many prompts of the dataset. @defaultValue all */
  readonly prompts?: number;
  /** Prompts sampled at a time; no effect on the result. @defaultValue 16 */
  readonly batch?: number;
  /** By reward name. @defaultValue 1 for every reward */
  readonly weights?: Readonly<Record<string, number>>;
  /** Called after each batch. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Asks a policy the questions of a dataset, rewards its answers as in training, and measures them. The answers come
 * back with the figures, so that anyone can see what the figures stand on.
 */
export async function evaluate(
  policy: Policy,
  dataset: Dataset,
  rewards: readonly AnyReward[],
  options: EvaluateOptions,
): Promise<EvaluationReport> {
  const { temperature, samples = 1, maxTokens, seed, batch = 16, weights, onProgress } = options;
  const total = Math.min(dataset.length, options.prompts ?? dataset.length);
  const completions: { prompt: Prompt; completion: Completion }[] = [];
  for (let start = 0; start < total; start += batch) {
    const indices = Array.from({ length: Math.min(batch, total - start) }, (_, i) => start + i);
    const prompts = await Promise.all(indices.map((index) => dataset.get(index)));
    const groups = await policy.sample(prompts, { groupSize: samples, maxTokens, temperature, seed });
    groups.forEach((group, i) => completions.push(...group.map((completion) => ({ prompt: prompts[i]!, completion }))));
    onProgress?.(start + indices.length, total);
  }
  // all at once: some rewards compare answers of different prompts
  const table = await runRewards(
    completions.map(({ prompt, completion }, i) => toSample(prompt, completion, i)),
    rewards,
    weights === undefined ? {} : { weights },
  );
  const answers = completions.map(({ prompt, completion }, i) => toAnswer(prompt, completion, table, i));
  return reportOn(answers);
}

function toSample(prompt: Prompt, completion: Completion, number: number): Sample {
  const { text, tokens, finishReason } = completion;
  return { id: `${prompt.id}#${number}`, group: prompt.id, completion: text, label: prompt.label, completionIds: tokens, finishReason }; // prettier-ignore
}

function toAnswer(prompt: Prompt, completion: Completion, table: RewardTable, row: number): EvaluatedAnswer {
  return {
    prompt: prompt.id,
    label: prompt.label,
    text: completion.text,
    finishReason: completion.finishReason,
    tokens: completion.tokens.length,
    rewards: Object.fromEntries(table.names.map((name, column) => [name, table.values[row]![column]!])),
    total: table.totals[row]!,
  };
}
