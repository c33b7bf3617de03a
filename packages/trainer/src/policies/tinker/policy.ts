import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { imagesOf, type Prompt } from '../../data/prompt.js';
import { checkFields } from '../../models/check-fields.js';
import { readJson, writeJson } from '../../models/files.js';
import { readChatTemplate } from '../../models/qwen2.5-vl/chat-template.js';
import { readImageProcessor } from '../../models/qwen2.5-vl/image-processor.js';
import type { PixelLimits } from '../../models/qwen2.5-vl/smart-resize.js';
import { readTokenizer } from '../../models/qwen2.5-vl/tokenizer.js';
import { seedNumber } from '../../random.js';
import type { Completion, LossResult, Matrix, Policy, SamplingOptions, Sequence } from '../policy.js';
import type { PolicyOptimizerOptions } from '../tfjs/policy.js';
import { openTinker, type NamedLoss, type RemoteModel, type RemoteSampler, type TinkerOptions } from './client.js';
import { completionLogprobs, createPromptWriter, datumOf, toMatrix, withCompletion } from './datums.js';
import type { Datum } from './protocol/messages.js';
import { checkImages, detectReduction, gradientNormIn, type Reduction } from './server-checks.js';

/** Which model is trained where. */
export interface TinkerPolicyOptions extends TinkerOptions, PixelLimits {
  /** Folder with the model's tokenizer, chat template and, for images, image processor. No weights are needed. */
  readonly checkpoint: string;
  /** The model by the name the server knows it by. @defaultValue the only one there is */
  readonly baseModel?: string | undefined;
  /** Rank of the adapter. @defaultValue 16 */
  readonly rank?: number | undefined;
  /** What the adapter's random start follows from. */
  readonly seed: string;
  /** AdamW's settings; the rate and the clipping come with each step. */
  readonly optimizer?: Omit<PolicyOptimizerOptions, 'decayed'> | undefined;
  /** How the server makes one loss of many tokens. @defaultValue 'detect' */
  readonly reduction?: Reduction | 'detect' | undefined;
}

/** What a loss that the server computes itself needs of each completion. */
export interface NativeInputs {
  /** [B, T] log-probs that ratios are taken to. */
  readonly oldLogps: Matrix;
  /** [B, T] advantages, already weighed: the server adds up what each token gives. */
  readonly advantages: Matrix;
}

/** A policy on a server, which can also compute its own losses. */
export interface TinkerPolicy extends Policy {
  /** As {@link Policy.forwardBackward} with a loss of the server's, such as `ppo`: one pass instead of two. */
  forwardBackwardNative(sequences: readonly Sequence[], loss: NamedLoss, inputs: NativeInputs): Promise<void>;
}

/** Milliseconds in which a server is told that a model is no longer needed. */
const LAST_WORDS = 500;

/** The file in a folder that says where the weights are. */
const ADDRESS_FILE = 'tinker.json';
const addressSchema = z.object({ path: z.string(), baseModel: z.string(), rank: z.int() });

/** Servers take seeds of a signed 32-bit number. */
const SEED_BITS = 31;

/**
 * A policy behind a server that speaks the Tinker protocol: SkyRL, hosted Tinker, TuFT, `q-insight serve-model`. The loss is
 * computed here: after a pass for the log-probs, its gradient goes back as advantages at ratio 1, −dLoss/dlogp, which has
 * exactly that gradient under the server's importance sampling.
 *
 * @throws Error naming server and model, when it does not serve what is asked for.
 */
export async function createTinkerPolicy(options: TinkerPolicyOptions): Promise<TinkerPolicy> {
  const { checkpoint, rank = 16, seed, optimizer = {} } = options;
  const renderer = { tokenizer: await readTokenizer(checkpoint), chatTemplate: await readChatTemplate(checkpoint) };
  const write = createPromptWriter(renderer, () => readImageProcessor(checkpoint, options));
  const session = await openTinker(options);
  const opened = await open().catch((error: unknown) => {
    session.close();
    throw error;
  });
  const { baseModel, reduction } = opened;
  let { model } = opened;
  let sampler: RemoteSampler | undefined; // of the weights as they are
  let reference: RemoteSampler | undefined;
  let imagesAreSeen = false;
  let pending: { readonly data: readonly Datum[]; readonly loss: NamedLoss }[] = [];

  async function open() {
    const baseModel = chooseModel(await session.models(), options);
    const reduction = await reductionOf(baseModel);
    const model = await session.createModel(baseModel, { rank, seed: seedNumber(seed, SEED_BITS) });
    return { baseModel, reduction, model };
  }

  async function reductionOf(baseModel: string): Promise<Reduction> {
    if (options.reduction === 'sum' || options.reduction === 'mean') return options.reduction;
    const probe = await session.createModel(baseModel, { rank: Math.min(rank, 4), seed: 1 });
    const found = await detectReduction(probe, renderer.tokenizer.encode('one two three four five six'));
    await probe.unload();
    return found;
  }

  async function currentSampler(): Promise<RemoteSampler> {
    return (sampler ??= await model.snapshot());
  }

  async function forward(sequences: readonly Sequence[]): Promise<number[][]> {
    const data = await Promise.all(
      sequences.map(async ({ prompt, completion }) =>
        datumOf(await write(prompt), completion, { weights: completion.map(() => 1) }),
      ),
    );
    return completionLogprobs(await model.pass(data, { name: 'cross_entropy' }, 'forward'), sequences);
  }

  /** Passes wait for the optimizer's step: only then is it known how many sequences a mean goes over. */
  async function keepPass(
    sequences: readonly Sequence[],
    loss: NamedLoss,
    rows: (i: number) => Record<string, number[]>,
  ) {
    const data = sequences.map(async ({ prompt, completion }, i) => datumOf(await write(prompt), completion, rows(i)));
    pending.push({ data: await Promise.all(data), loss });
  }

  return {
    sample: async (prompts, sampling) => {
      const shown = prompts.find((prompt) => imagesOf(prompt).length > 0);
      if (shown && !imagesAreSeen) await checkImages(shown, write, await currentSampler());
      imagesAreSeen ||= shown !== undefined;
      const from = await currentSampler();
      return Promise.all(prompts.map((prompt) => sampleGroup(prompt, sampling, from)));
    },
    logprobs: async (sequences, { weights = 'policy', temperature = 1 } = {}) => {
      checkTemperature('logprobs', temperature);
      if (weights === 'policy') return toMatrix(await forward(sequences));
      const from = (reference ??= await session.baseSampler(baseModel));
      return toMatrix(await Promise.all(sequences.map((sequence) => promptLogprobs(sequence, from))));
    },
    forwardBackward: async (sequences, loss, { temperature = 1 } = {}) => {
      checkTemperature('forwardBackward', temperature);
      const logprobs = await forward(sequences);
      const logps = toMatrix(logprobs);
      const result = loss(logps);
      checkGradient(result, logps);
      await keepPass(sequences, { name: 'importance_sampling' }, (i) => ({
        logprobs: logprobs[i]!,
        advantages: logprobs[i]!.map((_, t) => -result.gradient.get(i, t)),
      }));
      return result;
    },
    forwardBackwardNative: (sequences, loss, { oldLogps, advantages }) =>
      keepPass(sequences, loss, (i) => ({
        logprobs: sequences[i]!.completion.map((_, t) => oldLogps.get(i, t)),
        advantages: sequences[i]!.completion.map((_, t) => advantages.get(i, t)),
      })),
    optimizerStep: async ({ learningRate, maxGradientNorm }) => {
      const passes = pending;
      pending = [];
      const count = passes.reduce((sum, { data }) => sum + data.length, 0);
      for (const { data, loss } of passes) {
        await model.pass(reduction === 'sum' ? data : data.map((one) => timesPositions(one, count)), loss, 'both');
      }
      const metrics = await model.step({
        learning_rate: learningRate,
        beta1: optimizer.beta1 ?? 0.9,
        beta2: optimizer.beta2 ?? 0.999,
        eps: optimizer.epsilon ?? 1e-8,
        weight_decay: optimizer.weightDecay ?? 0,
        grad_clip_norm: maxGradientNorm === Infinity ? 0 : maxGradientNorm,
      });
      sampler = undefined;
      return { gradientNorm: gradientNormIn(metrics) ?? NaN };
    },
    save: async (folder) => {
      const path = await model.save(`q-insight-${randomUUID()}`);
      await mkdir(folder, { recursive: true });
      await writeJson(join(folder, ADDRESS_FILE), { path, baseModel, rank });
    },
    load: async (folder) => {
      const file = join(folder, ADDRESS_FILE);
      const { path } = checkFields(addressSchema, await readJson(file), file);
      const fresh: RemoteModel = await session.createModel(baseModel, { rank, seed: seedNumber(seed, SEED_BITS) });
      await fresh.load(path);
      const old = model;
      model = fresh;
      sampler = undefined;
      pending = [];
      await old.unload();
    },
    dispose: () => {
      const timer = setTimeout(() => session.close(), LAST_WORDS); // a server that is away is not waited for
      void model
        .unload()
        .catch(() => undefined)
        .finally(() => {
          clearTimeout(timer);
          session.close();
        });
    },
  };

  async function sampleGroup(prompt: Prompt, options: SamplingOptions, from: RemoteSampler): Promise<Completion[]> {
    const { sequences } = await from.sample({
      num_samples: options.groupSize,
      prompt: (await write(prompt)).input,
      sampling_params: {
        max_tokens: options.maxTokens,
        temperature: options.temperature,
        top_k: options.topK || -1,
        top_p: options.topP ?? 1,
        seed: seedNumber(`${options.seed}/${prompt.id}`, SEED_BITS),
      },
    });
    return sequences.map(({ tokens, logprobs, stop_reason: finishReason }) => {
      if (!logprobs) throw new Error('sample: the server gives no log-probs, and training needs them');
      return { tokens, text: renderer.tokenizer.decode(tokens, 'skip'), samplerLogps: logprobs, finishReason };
    });
  }

  async function promptLogprobs({ prompt, completion }: Sequence, from: RemoteSampler): Promise<number[]> {
    const { prompt_logprobs: logprobs } = await from.sample({
      num_samples: 1,
      prompt: withCompletion((await write(prompt)).input, completion, 0),
      sampling_params: { max_tokens: 1, temperature: 1, top_k: -1, top_p: 1, seed: 0 },
      prompt_logprobs: true,
    });
    // from the end: some servers leave out the first position, others give it as null
    const own = completion.length === 0 ? [] : (logprobs ?? []).slice(-completion.length);
    if (own.length < completion.length || own.includes(null))
      throw new Error(
        `logprobs: the server gives ${logprobs?.length ?? 'no'} log-probs of a prompt, and the reference needs them`,
      );
    return own as number[];
  }
}

function chooseModel(served: readonly string[], { baseModel, url }: TinkerPolicyOptions): string {
  const list = served.join(', ') || 'none';
  if (baseModel === undefined && served.length === 1) return served[0]!;
  if (baseModel === undefined) throw new Error(`${url}: serves several models, so baseModel must name one of ${list}`);
  if (served.length > 0 && !served.includes(baseModel))
    throw new Error(`${url}: does not serve '${baseModel}'; it serves ${list}`);
  return baseModel;
}

/** Makes a mean over positions and sequences a sum. */
function timesPositions(datum: Datum, sequences: number): Datum {
  const { advantages, ...rest } = datum.loss_fn_inputs;
  const factor = advantages!.data.length * sequences;
  const data = advantages!.data.map((value) => value * factor);
  return { ...datum, loss_fn_inputs: { ...rest, advantages: { ...advantages!, data } } };
}

function checkTemperature(where: string, temperature: number): void {
  if (temperature === 1) return;
  throw new Error(`${where}: the Tinker protocol has log-probs at temperature 1 alone, got ${temperature}`);
}

function checkGradient({ gradient }: LossResult, logps: Matrix): void {
  if (gradient.shape.join() === logps.shape.join()) return;
  throw new Error(
    `forwardBackward: the loss's gradient must have the log-probs' shape [${logps.shape.join(', ')}], ` +
      `got [${gradient.shape.join(', ')}]`,
  );
}
