import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Prompt } from '../../data/prompt.js';
import { readConfig } from '../../models/qwen2.5-vl/config.js';
import { readGenerationConfig } from '../../models/qwen2.5-vl/generation-config.js';
import { resizeForModel } from '../../models/qwen2.5-vl/image-processor.js';
import { readProcessor, type Processor, type ProcessorOptions } from '../../models/qwen2.5-vl/processor.js';
import type { Completion, SamplingOptions } from '../policy.js';
import { chatMessages, chatRequest } from './chat-request.js';
import { readChatReply } from './chat-reply.js';
import { ask, parseAnswer, ServerRefusal, ServerTrouble } from './http.js';
import { createServerPool } from './pool.js';
import type { Probe, Sampler } from './sampler.js';
import { adapterFolders, modelFolder, type AskServer } from './weight-folders.js';

/** Which servers, and what they are given. */
export interface VllmSamplerOptions extends ProcessorOptions {
  /** Addresses of vLLM servers of the same checkpoint, such as `http://127.0.0.1:8000`. */
  readonly urls: readonly string[];
  /** The checkpoint that training starts from: its tokenizer, chat template and image processor are the trainer's side. */
  readonly checkpoint: string;
  /** The checkpoint's input side, when it has been read already, with the same limits. */
  readonly processor?: Processor;
  /** 'lora': the policy saves an adapter, and servers load it. 'full': servers were started on `folder` and read it again. */
  readonly train: 'lora' | 'full';
  /** Where weights are handed over; servers see it on the same path. */
  readonly folder: string;
  /** Versions of the weights that can be sampled from at a time. @defaultValue 1 */
  readonly versions?: number;
  /** Requests a server is sent at a time; each asks for one prompt's completions. @defaultValue 32 */
  readonly concurrency?: number;
  /** The training's: at any other than 1, servers must give the log-probs of the tempered distribution. @defaultValue 1 */
  readonly temperature?: number;
  /** Seconds a request may take. @defaultValue 600 */
  readonly timeout?: number;
  /** Seconds without any server after which the run fails. @defaultValue 600 */
  readonly outage?: number;
  /** Seconds a server is left alone after trouble; doubled for each further one in a row, up to 15. @defaultValue 0.5 */
  readonly rest?: number;
  /** Sent as a bearer token. @defaultValue none */
  readonly apiKey?: string | undefined;
  /** Told when a wait for servers begins, and why. */
  readonly onOutage?: (reason: string) => void;
  /** Told when a server fails whose work others can do, and why. */
  readonly onTrouble?: (reason: string) => void;
}

/** Tokens of a probe. */
const PROBE_TOKENS = 16;
/** Seconds for what takes no generation. */
const SHORT = 60;

/**
 * Completions by vLLM, over its OpenAI-compatible API. Images go as PNG at the size the model sees them, and every reply says
 * which prompt tokens the server saw: any other than the trainer's own is refused. A lost request is sent again, with the same
 * seed, to any server; one that was restarted gets the weights again.
 *
 * @throws Error naming file and field, when the checkpoint's tokenizer, template or image processor is incomplete.
 */
export async function createVllmSampler(options: VllmSamplerOptions): Promise<Sampler> {
  const { checkpoint, concurrency = 32, timeout = 600, outage = 600, rest = 0.5, apiKey } = options;
  const { onOutage, onTrouble } = options;
  const urls = options.urls.map((url) => url.replace(/\/+$/, '').replace(/\/v1$/, ''));
  const folder = resolve(options.folder);
  if (options.train === 'full' && folder === resolve(checkpoint)) {
    throw new Error(
      `sampler.folder is the checkpoint of the model, ${folder}; each step would overwrite it: name a copy`,
    );
  }
  const config = await readConfig(checkpoint);
  const processor = options.processor ?? (await readProcessor(checkpoint, options, config));
  const { tokenizer } = processor;
  const { eosTokenIds } = await readGenerationConfig(checkpoint, config, tokenizer);
  const never = [config.imageTokenId, config.videoTokenId, config.visionStartTokenId, config.visionEndTokenId];
  const allowed = new Set(
    [...Array(config.text.vocabSize).keys()].filter((id) => tokenizer.token(id) !== undefined && !never.includes(id)),
  );
  const [allowedTokenIds, stops] = [[...allowed], new Set(eosTokenIds)];

  const stopped = new AbortController();
  const askShortly: AskServer = (url, path, body) => ask(`${url}${path}`, body, { timeout: SHORT, apiKey });
  const name = `q-insight-${randomUUID().slice(0, 13)}`;
  const folders = options.train === 'lora' ? adapterFolders(folder, name, askShortly) : modelFolder(folder, askShortly);
  const pool = createServerPool({ urls, concurrency, outage, rest, onOutage, onTrouble });
  /** Published versions, oldest first, with the model's name at each server that has loaded them. */
  const versions = new Map<number, Map<string, Promise<string>>>();
  const asked = new WeakMap<Prompt, Promise<AskedPrompt>>();

  const read = (prompt: Prompt): Promise<AskedPrompt> => {
    const known = asked.get(prompt);
    if (known) return known;
    const { inputIds } = processor.tokenize(prompt);
    const fresh = chatMessages(prompt.messages, (image) => resizeForModel(image, processor.image)).then((messages) => ({
      messages,
      inputIds,
    }));
    asked.set(prompt, fresh);
    return fresh;
  };

  /** The name of a version's model at a server, which loads it when it has not yet. */
  const modelAt = (url: string, version: number): Promise<string> => {
    const loaded = versions.get(version);
    if (!loaded) throw new Error(`vLLM sampler: version ${version} of the weights is no longer kept`);
    const known = loaded.get(url);
    if (known) return known;
    const loading = folders.load(url, version).then(async (model) => {
      await checkLogprobs(url, model, options.temperature ?? 1, eosTokenIds[0]!, askShortly);
      return model;
    });
    loaded.set(url, loading);
    loading.catch(() => loaded.delete(url));
    return loading;
  };

  const complete = async (
    url: string,
    prompt: Prompt,
    options: SamplingOptions,
    version: number,
    signal?: AbortSignal,
  ): Promise<Completion[]> => {
    const { messages, inputIds } = await read(prompt);
    const model = await modelAt(url, version);
    const settings = { model, cacheSalt: `${name}-v${version}`, allowedTokenIds, stopTokenIds: eosTokenIds };
    const request = chatRequest(messages, prompt.id, options, settings);
    let text: string;
    try {
      text = await ask(`${url}/v1/chat/completions`, request, { timeout, signal, apiKey });
    } catch (error) {
      // a restarted server knows the base model alone
      if (!(error instanceof ServerRefusal) || error.status !== 404) throw error;
      versions.get(version)?.delete(url);
      throw new ServerTrouble(error.message, true);
    }
    const completions = Number(request['n']);
    const { maxTokens } = options;
    const expected = { url, prompt: prompt.id, model, promptIds: inputIds, completions, maxTokens, allowed, stops };
    const found = readChatReply(text, expected, (ids) => tokenizer.decode(ids, 'skip'));
    return Array.from({ length: options.groupSize }, (_, g) => found[Math.min(g, found.length - 1)]!);
  };

  const untilStopped = (signal: AbortSignal | undefined): AbortSignal => {
    const either = AbortSignal.any([stopped.signal, ...(signal ? [signal] : [])]);
    setMaxListeners(0, either); // one for each request under way
    return either;
  };

  return {
    publish: async (policy, version) => {
      await folders.write(policy, version);
      versions.set(version, new Map());
      const surplus = [...versions.keys()].slice(0, -(options.versions ?? 1));
      for (const old of surplus) {
        const holders = [...versions.get(old)!.keys()];
        versions.delete(old);
        folders.drop(old, holders);
      }
    },
    sample: async (prompts, sampling, version) => {
      const signal = untilStopped(sampling.signal);
      return Promise.all(
        prompts.map(async (prompt, index) => {
          const group = await pool.run((url) => complete(url, prompt, sampling, version, signal), signal);
          sampling.onGroup?.(index, group);
          return group;
        }),
      );
    },
    probe: async (prompt, version) => {
      const sampling = { groupSize: 1, maxTokens: PROBE_TOKENS, temperature: 1, seed: 'probe' };
      const probeAt = async (server: string): Promise<Probe> => {
        const [completion] = await complete(server, prompt, sampling, version, stopped.signal);
        return { server, completion: completion! };
      };
      const found = await Promise.allSettled(urls.map(probeAt));
      const probes = found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      for (const one of found) {
        if (one.status === 'rejected' && !(one.reason instanceof ServerTrouble)) throw one.reason;
      }
      return probes.length > 0 ? probes : [await pool.run(probeAt, stopped.signal)];
    },
    dispose: () => {
      stopped.abort(new Error('vLLM sampler: disposed'));
      for (const [version, loaded] of versions) folders.drop(version, [...loaded.keys()]);
    },
  };
}

/** A prompt as servers are asked it, and as the trainer reads it. */
interface AskedPrompt {
  readonly messages: unknown[];
  readonly inputIds: Int32Array;
}

const oneLogprob = z.object({
  choices: z.tuple([z.object({ logprobs: z.object({ content: z.tuple([z.object({ logprob: z.number() })]) }) })]),
});

/**
 * vLLM's log-probs are those before the temperature, unless it is told otherwise. With a single token allowed, they are 0 only of
 * the distribution that is drawn from.
 */
async function checkLogprobs(url: string, model: string, temperature: number, token: number, ask: AskServer) {
  if (temperature === 1) return;
  const text = await ask(url, '/v1/chat/completions', {
    model,
    messages: [{ role: 'user', content: '.' }],
    temperature,
    max_completion_tokens: 1,
    logprobs: true,
    top_logprobs: 0,
    allowed_token_ids: [token],
  });
  const { choices } = parseAnswer(text, oneLogprob, url, 'a completion with a log-prob');
  if (choices[0].logprobs.content[0].logprob === 0) return;
  throw new ServerRefusal(
    `${url}: gives log-probs before the temperature, and grpo.temperature is ${temperature}; start vLLM with ` +
      '--logprobs-mode processed_logprobs, or sample at temperature 1',
    200,
  );
}
