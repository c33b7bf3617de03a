import type { Dataset, Prompt } from '../data/prompt.js';
import type { Completion, Policy, SamplingOptions } from '../policies/policy.js';
import { appendAnswers, cutTornLine, readAnswers, type AnsweredPrompt } from './answers-file.js';

/** Options of {@link askAll}. */
export interface AskOptions {
  /** `groupSize` answers to each prompt. */
  readonly sampling: SamplingOptions;
  /** Prompts asked at a time. */
  readonly batch: number;
  /** Told how many answers are in. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Asks a policy every prompt of a dataset that a file has no answers to, and adds them to the file. Interrupted at any
 * moment and called again, it leaves the same answers as without: a policy's answers to a prompt do not depend on what it
 * is asked together with.
 *
 * @param open - the policy; not called when all answers are there
 * @returns one entry a prompt, in the order of the dataset
 * @throws when the file has answers to a prompt the dataset lacks, or too few or too many to one.
 */
export async function askAll(
  open: () => Promise<Policy>,
  dataset: Dataset,
  file: string,
  options: AskOptions,
): Promise<AnsweredPrompt[]> {
  const { sampling, batch, onProgress } = options;
  const answered = new Map(readAnswers(file).map((row) => [row.prompt, row]));
  cutTornLine(file);
  const ids: string[] = [];
  let waiting: Prompt[] = [];
  const ask = async () => {
    const groups = await (await open()).sample(waiting, sampling);
    const rows = groups.map((group, i) => rowOf(waiting[i]!, group));
    appendAnswers(file, rows);
    for (const row of rows) answered.set(row.prompt, row);
    waiting = [];
  };
  const tell = () =>
    onProgress?.((ids.length - waiting.length) * sampling.groupSize, dataset.length * sampling.groupSize);
  for (let index = 0; index < dataset.length; index++) {
    const known = dataset.id?.(index);
    const prompt = known !== undefined && answered.has(known) ? { id: known } : await dataset.get(index);
    ids.push(prompt.id);
    if ('messages' in prompt && !answered.has(prompt.id)) waiting.push(prompt);
    if (waiting.length === batch) await ask();
    tell();
  }
  if (waiting.length > 0) {
    await ask();
    tell();
  }
  checkComplete(file, ids, answered, sampling.groupSize);
  return ids.map((id) => answered.get(id)!);
}

function rowOf({ id, label, metadata }: Prompt, completions: readonly Completion[]): AnsweredPrompt {
  if (label.task === 'none') throw new Error(`prompt '${id}': has no label to compare answers with`);
  const answers = completions.map(({ text, finishReason, tokens }) => ({ text, finishReason, tokens: tokens.length }));
  return { prompt: id, label, answers, ...(metadata !== undefined && { metadata }) };
}

function checkComplete(
  file: string,
  ids: readonly string[],
  answered: ReadonlyMap<string, AnsweredPrompt>,
  groupSize: number,
): void {
  const asked = new Set(ids);
  const foreign = [...answered.keys()].find((id) => !asked.has(id));
  if (foreign !== undefined) throw new Error(`${file}: has answers to '${foreign}', which the set does not ask`);
  const uneven = ids.find((id) => answered.get(id)!.answers.length !== groupSize);
  if (uneven === undefined) return;
  const count = answered.get(uneven)!.answers.length;
  throw new Error(`${file}: has ${count} answers to '${uneven}', expected ${groupSize} (decoding.samples)`);
}
