import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Reward } from '@q-insight/rewards';
import seedrandom from 'seedrandom';
import sharp from 'sharp';
import { train } from '../../../src/loop.js';
import type { Completion, Matrix, Policy, SamplingOptions } from '../../../src/policies/policy.js';
import { sampleElsewhere } from '../../../src/policies/samplers/sampled-policy.js';
import { createVllmSampler, type VllmSamplerOptions } from '../../../src/policies/samplers/vllm.js';
import type { RunEvent } from '../../../src/tracking/events.js';
import { fakeDataset, fakePolicy } from '../../fake-policy.js';
import { fakeSettings } from '../../fake-run.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { until } from '../../helpers/until.js';
import { fakeVllm, type FakeVllm, type FakeVllmOptions, type Fault, type Received } from '../../helpers/vllm-server.js';

const CHECKPOINT = 'examples/tiny/checkpoint';
/** Ids of the tiny tokenizer for the fake policy's words; the last is its end token. */
const IDS = [40, 41, 42, 43, 490];

let servers: FakeVllm[] = [];
let policies: Policy[] = [];
const serve = async (options: Partial<FakeVllmOptions> = {}) => {
  const server = await fakeVllm({ checkpoint: CHECKPOINT, words: IDS, ...options });
  servers.push(server);
  return server;
};

afterEach(async () => {
  for (const policy of policies) policy.dispose();
  for (const server of servers) await server.stop();
  [servers, policies] = [[], []];
});

/** The fake policy, its words by the ids that servers know. */
function policyOfIds(): Policy {
  const policy = fakePolicy();
  const words = (completion: readonly number[]) => completion.map((id) => IDS.indexOf(id));
  return {
    ...policy,
    logprobs: (sequences, options) =>
      policy.logprobs(sequences.map((one) => ({ ...one, completion: words(one.completion) })), options), // prettier-ignore
    forwardBackward: (sequences, loss, options) =>
      policy.forwardBackward(sequences.map((one) => ({ ...one, completion: words(one.completion) })), loss, options), // prettier-ignore
  };
}

/** Such a policy that saves a whole checkpoint. */
function policyOfWeights(): Policy {
  const policy = policyOfIds();
  return {
    ...policy,
    save: (folder, content) => {
      cpSync(CHECKPOINT, folder, { recursive: true });
      return policy.save(folder, content);
    },
  };
}

async function sampledBy(urls: string[], options: Partial<VllmSamplerOptions> = {}, limit?: number) {
  const folder = join(temporaryFolder(), 'sampler');
  const sampler = await createVllmSampler({
    urls,
    checkpoint: CHECKPOINT,
    train: 'lora',
    folder,
    timeout: 30,
    outage: 60,
    rest: 0.01,
    ...options,
  });
  const trained = options.train === 'full' ? policyOfWeights() : policyOfIds();
  const policy = sampleElsewhere(trained, sampler, limit === undefined ? {} : { maxLogpDifference: limit });
  policies.push(policy);
  return { policy, folder };
}

const OPTIONS: SamplingOptions = { groupSize: 3, maxTokens: 4, temperature: 1, seed: 'test' };
const dataset = fakeDataset(8);
const prompts = () => Promise.all([0, 1, 2].map((index) => dataset.get(index)));
const tokensOf = (groups: readonly (readonly Completion[])[]) =>
  groups.map((group) => group.map(({ tokens }) => tokens));

/** Moves the weights a little. */
async function update(policy: Policy): Promise<void> {
  const [prompt] = await prompts();
  const up = (logps: Matrix) => {
    for (let t = 0; t < logps.shape[1]!; t++) logps.set(0, t, -1);
    return { loss: 0, gradient: logps, metrics: {} };
  };
  await policy.forwardBackward([{ prompt: prompt!, completion: [40, 43, 490] }], up);
  await policy.optimizerStep({ learningRate: 3, maxGradientNorm: Infinity });
}

describe('createVllmSampler', () => {
  test('gives groups of completions with the log-probs they were drawn with', async () => {
    const { url, received } = await serve();
    const { policy } = await sampledBy([url]);
    const asked = await prompts();
    const seen: number[] = [];
    const groups = await policy.sample(asked, { ...OPTIONS, onGroup: (p) => seen.push(p) });
    expect(groups.map((group) => group.length)).toEqual([3, 3, 3]);
    expect(seen.sort()).toEqual([0, 1, 2]);
    for (const [p, group] of groups.entries()) {
      const logps = await policy.logprobs(group.map(({ tokens }) => ({ prompt: asked[p]!, completion: tokens })));
      group.forEach(({ tokens, samplerLogps, finishReason }, row) => {
        samplerLogps.forEach((logp, t) => expect(logps.get(row, t)).toBeCloseTo(logp, 12));
        expect(finishReason).toBe(tokens.at(-1) === 490 ? 'stop' : 'length');
      });
    }
    expect(new Set(groups.flat().map(({ tokens }) => tokens.join())).size).toBeGreaterThan(2); // the n differ
    const request = received.find(({ path }) => path === '/v1/chat/completions')!.body;
    expect(request).toMatchObject({ top_p: 1, top_k: 0, min_p: 0, repetition_penalty: 1, return_token_ids: true });
    const allowed = request['allowed_token_ids'] as number[];
    for (const image of [497, 498, 500, 501]) expect(allowed).not.toContain(image);
    expect(allowed).toContain(490);
  });

  test('the same seed gives the same completions, another one others; greedy asks for one', async () => {
    const { url, received } = await serve();
    const { policy } = await sampledBy([url]);
    const asked = await prompts();
    const once = tokensOf(await policy.sample(asked, OPTIONS));
    expect(tokensOf(await policy.sample([...asked].reverse(), OPTIONS))).toEqual([...once].reverse());
    expect(tokensOf(await policy.sample(asked, { ...OPTIONS, seed: 'other' }))).not.toEqual(once);
    const greedy = tokensOf(await policy.sample(asked.slice(0, 1), { ...OPTIONS, temperature: 0 }));
    expect(greedy[0]).toEqual(Array(3).fill(greedy[0]![0]));
    expect(received.at(-1)!.body['n']).toBe(1);
  });

  test('sends images at the size the model sees, as the pixels it sees', async () => {
    const { url, received } = await serve();
    const { policy } = await sampledBy([url]);
    const [prompt] = await prompts();
    const noise = Uint8Array.from({ length: 90 * 61 * 3 }, (_, i) => (i * i * 7919) % 251);
    const image = { name: 'odd.png', width: 90, height: 61, data: noise };
    const messages = [{ role: 'user' as const, content: [{ type: 'image' as const, image }] }];
    await policy.sample([{ ...prompt!, id: 'odd', messages }], OPTIONS);
    const sent = received.at(-1)!.body['messages'] as { content: { image_url: { url: string } }[] }[];
    const png = Buffer.from(sent[0]!.content[0]!.image_url.url.split(',')[1]!, 'base64');
    const { width, height } = await sharp(png).metadata();
    expect([width % 28, height % 28]).toEqual([0, 0]);
  });

  test('every version of the weights has a name, a folder and a cache of its own; the last ones stay', async () => {
    const { url, received, adapters } = await serve();
    const { policy, folder } = await sampledBy([url], { versions: 2 });
    const asked = await prompts();
    const before = tokensOf(await policy.sample(asked, OPTIONS));
    const version = await policy.publish!(() => dataset.get(0));
    await update(policy);
    const after = await policy.sample(asked, OPTIONS);
    expect(tokensOf(after)).not.toEqual(before);
    expect(tokensOf(await policy.sample(asked, { ...OPTIONS, version }))).toEqual(before); // still there
    await update(policy);
    await policy.sample(asked, OPTIONS);
    await expect(policy.sample(asked, { ...OPTIONS, version })).rejects.toThrow(/version 0.*no longer kept/);

    const loaded = received.filter(({ path }) => path === '/v1/load_lora_adapter').map(({ body }) => body);
    expect(new Set(loaded.map(({ lora_name: name }) => name)).size).toBe(3);
    expect(new Set(loaded.map(({ lora_path: path }) => path)).size).toBe(3);
    const salts = received.flatMap(({ body }) => (body['cache_salt'] === undefined ? [] : [body['cache_salt']]));
    expect(new Set(salts).size).toBe(3);
    await until(() => received.some(({ path }) => path === '/v1/unload_lora_adapter')); // nobody waits for it
    expect(adapters.size).toBe(2);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  test('weights that have not changed are not handed over again', async () => {
    const { url, received } = await serve();
    const { policy } = await sampledBy([url]);
    for (let i = 0; i < 3; i++) await policy.sample(await prompts(), OPTIONS);
    expect(received.filter(({ path }) => path === '/v1/load_lora_adapter')).toHaveLength(1);
  });

  test('what is left in folders and servers is taken back at the end', async () => {
    const { url, adapters } = await serve();
    const { policy, folder } = await sampledBy([url]);
    await policy.sample(await prompts(), OPTIONS);
    policy.dispose();
    await until(() => adapters.size === 0);
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
  });
});

describe('faults', () => {
  let expected: number[][][] = [];
  beforeAll(async () => {
    const { url } = await serve();
    const { policy } = await sampledBy([url]);
    expected = tokensOf(await policy.sample(await prompts(), OPTIONS)) as number[][][];
  });

  const faults: Fault[] = [
    'status 500',
    'hang',
    'torn',
    'half JSON',
    'web page',
    'hang up',
    'foreign token',
    'no token ids',
    'no log-probs',
    'a log-prob short',
    'NaN log-prob',
    'log-prob above 0',
    'too few',
    'too long',
    'other model',
  ];
  test.each(faults)('%s: the request is sent again, and the completions are those without it', async (fault) => {
    let left = 2;
    const fail = ({ path, body }: { path: string; body: Record<string, unknown> }) =>
      path === '/v1/chat/completions' && body['n'] === 3 && left-- > 0 ? fault : undefined;
    const { url } = await serve({ fault: fail });
    const { policy } = await sampledBy([url], fault === 'hang' ? { timeout: 2 } : {});
    expect(tokensOf(await policy.sample(await prompts(), OPTIONS))).toEqual(expected);
    expect(left).toBeLessThan(1);
  });

  test.each([
    ['status 500', /500 engine hiccup/],
    ['torn', /no server has answered for .*(aborted|hang up)/],
    ['foreign token', /token 500, which is not one of those allowed/],
    ['half JSON', /not a completion with token ids.*JSON/],
    ['web page', /not a completion with token ids.*<html/],
    ['no token ids', /not a completion with token ids.*choices\.0\.token_ids/],
    ['no log-probs', /not a completion with token ids.*choices\.0\.logprobs/],
    ['a log-prob short', /\d log-probs for \d tokens/],
    ['NaN log-prob', /not a completion with token ids.*NaN/],
    ['log-prob above 0', /not a completion with token ids.*logprob: Too big/],
    ['too long', /an answer of 1\d tokens, expected at most 4/],
    ['too few', /2 answers, expected 3/],
    ['other model', /answered by model "tiny"/],
    [
      'other prompt',
      /reads prompt "blur-[012]" as \d+ tokens, the trainer as \d+; start the server with the same checkpoint/,
    ],
  ] as const)('%s every time: the run fails and says why', async (fault, message) => {
    const { url } = await serve({ fault: ({ body }) => (body['n'] === 3 ? fault : undefined) });
    const { policy } = await sampledBy([url], { outage: 0.2 });
    await expect(policy.sample(await prompts(), OPTIONS)).rejects.toThrow(message);
  });

  test('servers that fail at random, each in every way, lose nothing and change nothing', async () => {
    const random = seedrandom('faults');
    const spoiled = new Map<unknown, number>(); // by seed: so seldom that a request has attempts left, should an answer be late
    const spoil = ({ path, body: { seed } }: Received) => {
      const times = spoiled.get(seed) ?? 0;
      if (path !== '/v1/chat/completions' || times >= 3 || random() > 0.4) return undefined;
      spoiled.set(seed, times + 1);
      return faults[Math.floor(random() * faults.length)];
    };
    const [calm, one, two] = [await serve(), await serve({ fault: spoil }), await serve({ fault: spoil })];
    const without = await sampledBy([calm.url]);
    const { policy } = await sampledBy([one.url, two.url], { timeout: 2, concurrency: 2 });
    const asked = await Promise.all(Array.from({ length: 8 }, (_, index) => dataset.get(index)));
    for (const seed of ['one', 'two', 'three']) {
      const found = tokensOf(await policy.sample(asked, { ...OPTIONS, seed }));
      expect(found).toEqual(tokensOf(await without.policy.sample(asked, { ...OPTIONS, seed })));
    }
    expect([...spoiled.values()].reduce((sum, times) => sum + times)).toBeGreaterThan(8); // of 24 requests
  });

  test('another server takes over from one that dies in the middle', async () => {
    const die = ({ body }: Received) => (body['n'] === 3 ? (void one.stop(), 'hang' as const) : undefined);
    const [one, two] = [await serve({ fault: die }), await serve()];
    const { policy } = await sampledBy([one.url, two.url], { concurrency: 1 });
    expect(tokensOf(await policy.sample(await prompts(), OPTIONS))).toEqual(expected);
    const drawn = ({ received }: FakeVllm) => received.filter(({ body }) => body['n'] === 3);
    expect([drawn(one), drawn(two)].map(({ length }) => length)).toEqual([1, 3]);
  });

  test('a server that was killed and started again gets the weights again', async () => {
    const server = await serve();
    const { policy } = await sampledBy([server.url]);
    await policy.sample(await prompts(), OPTIONS);
    await server.stop();
    const sampling = policy.sample(await prompts(), OPTIONS);
    setTimeout(() => void server.start(), 100);
    expect(tokensOf(await sampling)).toEqual(expected);
    expect(server.received.filter(({ path }) => path === '/v1/load_lora_adapter').length).toBeGreaterThan(1);
  });

  test('a server that answers from the prefix cache of older weights fails the run', async () => {
    const { url } = await serve({ stale: true });
    const { policy } = await sampledBy([url]);
    await policy.sample(await prompts(), OPTIONS); // as they were at first: right
    await update(policy);
    await expect(policy.sample(await prompts(), OPTIONS)).rejects.toThrow(
      /log-probs differ from the trainer's by \d\.\d+ nats.*does not run the weights of version 1/,
    );
  });

  test('a folder that the server does not see, or adapters it does not take, are named', async () => {
    const blind = await serve({ fault: () => undefined });
    const { policy } = await sampledBy([blind.url]);
    const unsaved = { ...policyOfIds(), save: () => Promise.resolve() };
    const sampler = await createVllmSampler({ urls: [blind.url], checkpoint: CHECKPOINT, train: 'lora', folder: temporaryFolder() }); // prettier-ignore
    await expect(sampleElsewhere(unsaved, sampler).sample(await prompts(), OPTIONS)).rejects.toThrow(
      /cannot load an adapter.*the server must see the folder/,
    );
    sampler.dispose();
    expect(policy).toBeDefined();
  });

  test('log-probs before the temperature are refused when the training has one', async () => {
    const [raw, processed] = [await serve(), await serve({ logprobs: 'processed' })];
    const { policy } = await sampledBy([raw.url], { temperature: 0.7 });
    await expect(policy.sample(await prompts(), OPTIONS)).rejects.toThrow(/--logprobs-mode processed_logprobs/);
    const right = await sampledBy([processed.url], { temperature: 0.7 });
    await right.policy.sample(await prompts(), OPTIONS);
    let left = 2;
    const halting = await serve({ logprobs: 'processed', fault: ({ path, body }) => (path.includes('chat') && body['n'] === undefined && left-- > 0 ? 'half JSON' : undefined) }); // prettier-ignore
    const patient = await sampledBy([halting.url], { temperature: 0.7 });
    await patient.policy.sample(await prompts(), OPTIONS);
    expect(left).toBeLessThan(0);
  });
});

describe('full weights', () => {
  test('are written where the server reads them, and read again at each change', async () => {
    const folder = join(temporaryFolder(), 'model');
    const { url, received } = await serve({ model: folder });
    const { policy } = await sampledBy([url], { train: 'full', folder });
    const before = tokensOf(await policy.sample(await prompts(), OPTIONS));
    await update(policy);
    expect(tokensOf(await policy.sample(await prompts(), OPTIONS))).not.toEqual(before);
    const told = received.filter(({ path }) => path !== '/v1/chat/completions').map(({ path }) => path);
    const once = ['/v1/models', '/collective_rpc', '/reset_prefix_cache', '/reset_encoder_cache', '/reset_mm_cache'];
    expect(told).toEqual([...once, ...once]);
    expect(readdirSync(join(folder, '..'))).toEqual(['model']); // nothing half-written beside it
    expect(readdirSync(folder)).toContain('lm_head.safetensors');
  });

  test('nonsense in place of the list of models is asked for again', async () => {
    const folder = join(temporaryFolder(), 'model');
    let left = 2;
    const { url } = await serve({
      model: folder,
      fault: ({ path }) => (path === '/v1/models' && left-- > 0 ? 'web page' : undefined),
    });
    const { policy } = await sampledBy([url], { train: 'full', folder });
    expect(await policy.sample(await prompts(), OPTIONS)).toHaveLength(3);
    expect(left).toBeLessThan(0);
  });

  test('need a server of that folder, in development mode', async () => {
    const folder = join(temporaryFolder(), 'model');
    const elsewhere = await serve({ model: '/srv/other-model' });
    const { policy } = await sampledBy([elsewhere.url], { train: 'full', folder });
    await expect(policy.sample(await prompts(), OPTIONS)).rejects.toThrow(
      `serves /srv/other-model, expected sampler.folder, ${folder}`,
    );
    const plain = await sampledBy([(await serve()).url], { train: 'full', folder });
    await expect(plain.policy.sample(await prompts(), OPTIONS)).rejects.toThrow(
      /start vLLM with VLLM_SERVER_DEV_MODE=1/,
    );
  });

  test('are never written over the checkpoint that training starts from', async () => {
    await expect(sampledBy(['http://127.0.0.1:1'], { train: 'full', folder: `${CHECKPOINT}/` })).rejects.toThrow(
      /sampler\.folder is the checkpoint.*examples\/tiny\/checkpoint.*would overwrite it/,
    );
  });
});

describe('a run sampled by vLLM', () => {
  /** Likes answers with one word in them. */
  const likes: Reward = {
    name: 'likes',
    range: [0, 1],
    score: ({ completionIds }) => (completionIds!.includes(42) ? 1 : 0),
  };

  async function run(policy: Policy, staleness: number, steps: number, after?: (event: RunEvent) => void) {
    const metrics: Readonly<Record<string, number>>[] = [];
    await train({
      settings: fakeSettings({
        model: { checkpoint: CHECKPOINT, train: 'lora' },
        sampler: { kind: 'vllm' },
        grpo: { groupSize: 8, promptsPerStep: 4, maxTokens: 4, microBatch: 5, staleness },
        steps,
      }),
      folder: temporaryFolder(),
      policy,
      dataset,
      rewards: [likes],
      trackers: [
        (event) => {
          if (event.type === 'step') metrics.push(event.metrics);
          after?.(event);
        },
      ],
    });
    return metrics;
  }

  test('gets the weights of every step: log-probs agree, and the reward rises', async () => {
    const { url } = await serve();
    const metrics = await run((await sampledBy([url])).policy, 0, 20);
    for (const step of metrics) expect(step['sampling/sampling_logp_difference/max']).toBeLessThan(1e-12);
    expect(metrics.at(-1)!['reward']).toBeGreaterThan(metrics[0]!['reward']! + 0.2);
    expect(metrics[0]!['correction/effective_sample_size']).toBeCloseTo(1, 12);
  });

  test('goes on through a kill and a restart as if nothing had happened', async () => {
    const [calm, killed] = [await serve(), await serve()];
    const without = await run((await sampledBy([calm.url], { versions: 2 })).policy, 1, 8);
    const outage = (event: RunEvent) => {
      if (event.type === 'step' && event.step === 3)
        void killed.stop().then(() => setTimeout(() => void killed.start(), 50));
    };
    const withOutage = await run((await sampledBy([killed.url], { versions: 2 })).policy, 1, 8, outage);
    const figures = (all: typeof without) => all.map(({ reward, loss, grad_norm }) => [reward, loss, grad_norm]);
    expect(figures(withOutage)).toEqual(figures(without));
  });
});
