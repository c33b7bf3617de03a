import { packSequences, type EncodedSequence, type PackedBatch } from '../models/qwen2.5-vl/batch.js';
import type { ProcessedPrompt } from '../models/qwen2.5-vl/processor.js';
import { roundLength } from '../models/round-length.js';
import type { Datum } from '../policies/tinker/protocol/messages.js';
import type { BaseModel } from './base-model.js';
import type { ExpandedInput } from './inputs.js';
import { countedWeights, numbersOf } from './losses.js';
import { userError } from './refusal.js';

/** A sequence in two, what several may have in common and the rest, with what each position is to predict. */
export interface SplitSequence extends EncodedSequence<ProcessedPrompt> {
  /** [n] */
  readonly targets: readonly number[];
}

/**
 * Splits a datum where its counted part begins, so that completions of one prompt share its computation.
 *
 * @throws a user error when a list does not have one number for each position
 */
export async function splitDatum(datum: Datum, base: BaseModel): Promise<SplitSequence> {
  const input = await base.inputs.expand(datum.model_input);
  const { length } = input.ids;
  const targets = numbersOf(datum, 'target_tokens', length);
  if (!targets) throw userError('loss_fn_inputs.target_tokens: missing');
  const { vocabSize } = base.config.text;
  const wrong = targets.find((target) => target < 0 || target >= vocabSize);
  if (wrong !== undefined) throw userError(`target_tokens: expected ids from 0 to ${vocabSize - 1}, got ${wrong}`);
  const first = countedWeights(datum, length).findIndex((weight) => weight !== 0);
  return splitSequence(input, targets, first < 0 ? length : first + 1, base);
}

/** Splits a sequence after `length` positions, or after its last picture if that comes later. */
export function splitSequence(
  input: ExpandedInput,
  targets: readonly number[],
  length: number,
  { inputs, config }: BaseModel,
): SplitSequence {
  const split = Math.max(length, input.ids.lastIndexOf(config.imageTokenId) + 1);
  return { prompt: inputs.prompt(input, split), completion: [...input.ids.slice(split), targets.at(-1)!], targets };
}

/** Lays sequences out so that every position predicts its target, those of the prompts too. */
export function packSplit(sequences: readonly SplitSequence[], base: BaseModel): PackedBatch<ProcessedPrompt> {
  const batch = packSequences(sequences, base.config, roundLength);
  let taken = 0;
  const rows = sequences.flatMap(({ prompt, completion }) => {
    const own = batch.predictingRows.subarray(taken, (taken += completion.length));
    const before = prompt.inputIds.length - 1; // positions before the one that predicts the first of the completion
    return [...Array.from({ length: before }, (_, i) => own[0]! - before + i), ...own];
  });
  const targets = sequences.flatMap((sequence) => sequence.targets);
  const { prompts, groupSize, promptLength, completionLength } = batch.layout;
  const room = prompts * groupSize * (promptLength + completionLength);
  return { ...batch, predictingRows: Int32Array.from(rows), targets: Int32Array.from(targets), room };
}
