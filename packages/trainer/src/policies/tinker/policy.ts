import { randomUUID } from 'node:crypto';
import { imagesOf } from '../../data/prompt.js';
import { readChatTemplate } from '../../models/qwen2.5-vl/chat-template.js';
import { readImageProcessor } from '../../models/qwen2.5-vl/image-processor.js';
import type { PixelLimits } from '../../models/qwen2.5-vl/smart-resize.js';
import { readTokenizer } from '../../models/qwen2.5-vl/tokenizer.js';
import { seedNumber } from '../../random.js';
import type { NamedLoss, Policy } from '../policy.js';
import type { PolicyOptimizerOptions } from '../tfjs/policy.js';
import { readAddress, writeAddress } from './address-file.js';
import { openTinker, type TinkerOptions } from './client.js';
import { createPromptWriter, toMatrix } from './datums.js';
import { openPasses } from './passes.js';
import type { RemoteSampler } from './remote-sampler.js';
import { sampleGroup, scoreAsPrompt, SEED_BITS } from './sampling.js';
import { checkImages, checkLoss, detectReduction, type Reduction } from './server-checks.js';

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
  /** A loss of the server's that will be asked for: one that it does not have is refused at once. @defaultValue none */
  readonly nativeLoss?: NamedLoss | undefined;
}

/** A policy on a server, which can also compute losses of its own. */
export type TinkerPolicy = Policy & Required<Pick<Policy, 'forwardBackwardNative'>>;

/** Milliseconds in which a server is told that a model is no longer needed. */
const LAST_WORDS = 500;

/**
 * A policy behind a server that speaks the Tinker protocol: SkyRL, hosted Tinker, TuFT, `q-insight serve-model`. The loss is
 * computed here: after a pass for the log-probs, its gradient goes back as advantages at ratio 1, −dLoss/dlogp, which has
 * exactly that gradient under the server's importance sampling.
 *
 * A server that was started again no longer has the model: every method then rejects with {@link PolicyLost}, and a new policy
 * can load the last checkpoint.
 *
 * @throws Error naming server and model, when it does not serve what is asked for.
 */
export async function createTinkerPolicy(options: TinkerPolicyOptions): Promise<TinkerPolicy> {
  const { checkpoint, rank = 16, optimizer = {} } = options;
  const seed = seedNumber(options.seed, SEED_BITS);
  const renderer = { tokenizer: await readTokenizer(checkpoint), chatTemplate: await readChatTemplate(checkpoint) };
  const write = createPromptWriter(renderer, () => readImageProcessor(checkpoint, options));
  const session = await openTinker(options);
  const opened = await open().catch((error: unknown) => {
    session.close();
    throw error;
  });
  const { baseModel, reduction } = opened;
  let { model } = opened;
  let passes = openPasses(model, write, reduction, optimizer);
  let sampler: RemoteSampler | undefined; // of the weights as they are
  let reference: RemoteSampler | undefined;
  let imagesAreSeen = false;

  async function open() {
    const baseModel = chooseModel(await session.models(), options);
    const reduction = await reductionOf(baseModel);
    const model = await session.createModel(baseModel, { rank, seed });
    return { baseModel, reduction, model };
  }

  /** Finds out on a throwaway model what the server does with losses. */
  async function reductionOf(baseModel: string): Promise<Reduction> {
    const { reduction = 'detect', nativeLoss } = options;
    if (reduction !== 'detect' && nativeLoss === undefined) return reduction;
    const probe = await session.createModel(baseModel, { rank: Math.min(rank, 4), seed: 1 });
    const tokens = renderer.tokenizer.encode('one two three four five six');
    const found = reduction === 'detect' ? await detectReduction(probe, tokens) : reduction;
    if (nativeLoss) await checkLoss(probe, tokens, nativeLoss);
    await probe.unload();
    return found;
  }

  async function currentSampler(): Promise<RemoteSampler> {
    return (sampler ??= await model.snapshot());
  }

  return {
    sample: async (prompts, sampling) => {
      const shown = prompts.find((prompt) => imagesOf(prompt).length > 0);
      if (shown && !imagesAreSeen) await checkImages(shown, write, await currentSampler());
      imagesAreSeen ||= shown !== undefined;
      const from = await currentSampler();
      return Promise.all(prompts.map((prompt) => sampleGroup(prompt, sampling, from, write, renderer)));
    },
    logprobs: async (sequences, { weights = 'policy', temperature = 1 } = {}) => {
      checkTemperature('logprobs', temperature);
      if (weights === 'policy') return toMatrix(await passes.logprobs(sequences));
      const from = (reference ??= await session.baseSampler(baseModel));
      return toMatrix(await Promise.all(sequences.map((sequence) => scoreAsPrompt(sequence, from, write))));
    },
    forwardBackward: async (sequences, loss, { temperature = 1 } = {}) => {
      checkTemperature('forwardBackward', temperature);
      return passes.own(sequences, loss);
    },
    forwardBackwardNative: (sequences, loss, inputs) => passes.native(sequences, loss, inputs),
    optimizerStep: async (step) => {
      const done = await passes.step(step);
      sampler = undefined;
      return done;
    },
    save: async (folder) => {
      const path = await model.save(`q-insight-${randomUUID()}`);
      await writeAddress(folder, { path, baseModel, rank });
    },
    load: async (folder) => {
      const { path } = await readAddress(folder);
      const fresh = await session.createModel(baseModel, { rank, seed });
      await fresh.load(path);
      const old = model;
      model = fresh;
      passes = openPasses(model, write, reduction, optimizer);
      sampler = undefined;
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
}

function chooseModel(served: readonly string[], { baseModel, url }: TinkerPolicyOptions): string {
  const list = served.join(', ') || 'none';
  if (baseModel === undefined && served.length === 1) return served[0]!;
  if (baseModel === undefined) throw new Error(`${url}: serves several models, so baseModel must name one of ${list}`);
  if (served.length > 0 && !served.includes(baseModel))
    throw new Error(`${url}: does not serve '${baseModel}'; it serves ${list}`);
  return baseModel;
}

function checkTemperature(where: string, temperature: number): void {
  if (temperature === 1) return;
  throw new Error(`${where}: the Tinker protocol has log-probs at temperature 1 alone, got ${temperature}`);
}
