import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { DrawnSoFar } from '../models/qwen2.5-vl/generation.js';
import { roundCount } from '../models/round-length.js';
import type { SampleRequest, SampleResponse } from '../policies/tinker/protocol/messages.js';
import type { Snapshot } from './adapter.js';
import type { BaseModel } from './base-model.js';
import { batchKey, DEFAULT_TOKENS, drawTogether, type Drawing } from './draw.js';
import type { Jobs } from './jobs.js';
import type { ModelLimits } from './options.js';
import { promptScores } from './prompt-scores.js';
import { userError } from './refusal.js';
import type { JobResult } from './tinker/exchange.js';

/** Weights that are sampled from. */
export interface Weights {
  /** The same for the same weights. */
  readonly name: string;
  /** The caller disposes them. */
  open(): Promise<Snapshot>;
}

/** Who asks, besides what is asked. */
export interface Asker {
  /** Told of the completions so far, every few tokens. */
  readonly onTokens?: ((soFar: readonly DrawnSoFar[]) => void) | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal | undefined;
}

/** Samples for several askers at a time. */
export interface SampleQueue {
  /**
   * Makes a job of a request; its prompt is read at once. When its turn comes it may have been drawn along with another.
   *
   * @returns the job's number
   * @throws a refusal when too much is waiting
   */
  submit(request: SampleRequest, weights: Weights, asker?: Asker): string;
}

interface Entry {
  readonly request: SampleRequest;
  readonly weights: Weights;
  readonly asker: Asker;
  readonly read: Promise<Drawing>;
  /** Set as soon as the prompt is read. */
  drawing?: Drawing;
  /** Set when it is drawn along with another. */
  answer?: SampleResponse;
}

/** Turns of the event loop in which what has arrived is read, before a batch is closed. */
const TURNS = 3;
/** Tokens between two looks at completions: for one who reads along, and only to see whether someone still waits. */
const [READING, WAITING] = [4, 32];

/** Opens a queue. Of the requests that wait, those for the same weights and of the same shape are drawn together. */
export function openSampleQueue(
  base: BaseModel,
  jobs: Jobs<JobResult>,
  { samples: most, context }: ModelLimits,
): SampleQueue {
  const waiting = new Set<Entry>();

  /** Who else can be drawn with one, in the order of arrival. */
  function companyOf(first: Entry): Entry[] {
    const key = batchKey(first.drawing!);
    const alike = [...waiting].filter(
      ({ drawing, weights, asker }) =>
        drawing && weights.name === first.weights.name && !asker.signal?.aborted && batchKey(drawing) === key,
    );
    const room = Math.max(1, Math.floor(most / first.request.num_samples));
    const others = alike.slice(0, roundCount(Math.min(room, 1 + alike.length)) - 1);
    for (const entry of others) waiting.delete(entry);
    return [first, ...others];
  }

  async function answer(entries: readonly Entry[]): Promise<SampleResponse[]> {
    const { weights } = entries[0]!;
    const snapshot = await weights.open();
    try {
      const model = snapshot.model();
      const drawn = await drawTogether(entries.map(({ drawing }) => drawing!), model, base, watchOf(entries)); // prettier-ignore
      const answers: SampleResponse[] = [];
      for (const [i, { drawing }] of entries.entries()) {
        const sequences = drawn[i]!.map(({ tokens, logprobs, finishReason }) => ({ tokens, logprobs, stop_reason: finishReason })); // prettier-ignore
        answers.push({ sequences, ...(await promptScores(drawing!, model, base)) });
      }
      return answers;
    } finally {
      snapshot.dispose();
    }
  }

  async function work(entry: Entry): Promise<SampleResponse> {
    if (entry.answer) return entry.answer;
    waiting.delete(entry);
    await entry.read;
    for (let i = 0; i < TURNS; i++) await turn();
    entry.asker.signal?.throwIfAborted();
    const company = companyOf(entry);
    try {
      const answers = await answer(company);
      company.forEach((one, i) => (one.answer = answers[i]!));
      return entry.answer!;
    } catch (error) {
      if (company.length === 1 || entry.asker.signal?.aborted) throw error;
      // what is wrong may be wrong with another, whose own turn is still to come
      return (await answer([entry]))[0]!;
    }
  }

  async function read(request: SampleRequest): Promise<Drawing> {
    const input = await base.inputs.expand(request.prompt);
    const length = input.ids.length + (request.sampling_params.max_tokens ?? DEFAULT_TOKENS);
    if (length > context) throw userError(`prompt and max_tokens: ${length} tokens exceed the context of ${context}`);
    return { request, input, seed: request.sampling_params.seed ?? randomBytes(6).readUIntBE(0, 6) };
  }

  return {
    submit: (request, weights, asker = {}) => {
      const entry: Entry = { request, weights, asker, read: read(request) };
      entry.read.then((drawing) => (entry.drawing = drawing), () => undefined); // prettier-ignore
      const id = jobs.submit(async () => ({ kind: 'samples', value: await work(entry) }));
      waiting.add(entry);
      return id;
    },
  };
}

/** Tells those who read along, and breaks off when nobody waits any more. */
function watchOf(entries: readonly Entry[]) {
  const askers = entries.map(({ asker }) => asker);
  if (askers.every(({ onTokens, signal }) => !onTokens && !signal)) return undefined;
  return {
    every: askers.some(({ onTokens }) => onTokens) ? READING : WAITING,
    onTokens: async (soFar: readonly (readonly DrawnSoFar[])[]) => {
      askers.forEach(({ onTokens }, i) => onTokens?.(soFar[i]!));
      await turn(); // in which it is heard that someone has left
      if (askers.every(({ signal }) => signal?.aborted)) throw askers[0]!.signal!.reason;
    },
  };
}
