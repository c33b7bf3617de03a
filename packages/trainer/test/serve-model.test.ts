import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { serveModel, type ModelServer } from '../src/serve-model/index.js';
import { lossFunction } from '../src/serve-model/losses.js';
import { openSequence } from '../src/serve-model/sequence.js';
import type { Datum } from '../src/policies/tinker/protocol/messages.js';
import { goldenPath } from './helpers/golden.js';
import { temporaryFolder } from './helpers/temporary.js';

const image = `data:image/png;base64,${readFileSync(goldenPath('vlm', 'images/exact.png')).toString('base64')}`;
let server: ModelServer;

beforeAll(async () => {
  const limits = { models: 1, rank: 8, context: 200, samples: 4 };
  server = await serveModel(goldenPath('vlm', 'tied_fp32'), { port: 0, name: 'tiny', key: 'k', checkpoints: temporaryFolder(), ...limits }); // prettier-ignore
});
afterAll(() => server.close());

async function ask(path: string, body: unknown, key = 'k'): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const answer = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe('chat completions', () => {
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: image } },
        { type: 'text', text: 'Is it sharp?' },
      ],
    },
  ];

  it('see the image, and follow from the seed', async () => {
    const asked = { model: 'tiny', messages, n: 2, seed: 3, max_tokens: 5, logprobs: true };
    const first = await ask('/v1/chat/completions', asked);
    const again = await ask('/v1/chat/completions', asked);
    expect(first.status).toBe(200);
    expect(again.json['choices']).toEqual(first.json['choices']);
    const [one, two] = first.json['choices'] as { token_ids: number[]; logprobs: { content: unknown[] } }[];
    expect(one!.logprobs.content).toHaveLength(one!.token_ids.length);
    expect(one!.token_ids).not.toEqual(two!.token_ids);
    const blind = await ask('/v1/chat/completions', {
      ...asked,
      messages: [{ role: 'user', content: 'Is it sharp?' }],
    });
    const tokens = ({ json }: typeof first) => (json['usage'] as { prompt_tokens: number }).prompt_tokens;
    expect(tokens(first) - tokens(blind)).toBe(18); // 16 for the image, and the marks around it
  });

  it.each([
    [{ stream: true }, 'streaming is not offered'],
    [{ n: 5 }, 'n: expected at most 4, got 5'],
    [{ max_tokens: 500 }, 'exceed the context of 200'],
    [{ model: 'tinker://none/weights/x' }, 'no such checkpoint'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://127.0.0.1/a.png' } }] }] },
      'data URL',
    ],
  ])('are refused with the reason: %j', async (change, reason) => {
    const { status, json } = await ask('/v1/chat/completions', { model: 'tiny', messages, max_tokens: 2, ...change });
    expect(status).toBe(400);
    expect((json['error'] as { message: string }).message).toContain(reason);
  });

  it('need the key', async () => {
    expect((await ask('/v1/chat/completions', {}, 'wrong')).status).toBe(401);
  });
});

describe('the limits', () => {
  it('refuse what is too much, by name', async () => {
    const { session_id } = (await ask('/api/v1/create_session', {})).json;
    const create = (model_seq_id: number, rank: number, base_model = 'tiny') =>
      ask('/api/v1/create_model', { session_id, model_seq_id, base_model, lora_config: { rank } });
    expect((await create(0, 9)).json['detail']).toBe('lora_config.rank: expected 1 to 8, got 9');
    expect((await create(0, 4, 'other')).json['detail']).toContain("only 'tiny' is served here");
    expect((await create(0, 4)).status).toBe(200);
    expect((await create(0, 4)).status).toBe(200); // the same one again
    expect((await create(1, 4)).json['detail']).toContain('no room for more');
    const escape = { model_id: `${String(session_id)}:train:0`, path: '../../x', seq_id: 1 };
    const { request_id } = (await ask('/api/v1/save_weights', escape)).json;
    expect((await ask('/api/v1/retrieve_future', { request_id })).json['error']).toContain(
      'expected a name of letters',
    );
    expect((await ask('/api/v1/retrieve_future', { request_id: 'r999' })).status).toBe(404);
  });

  it('keep others out of a server without a key', async () => {
    await expect(serveModel('nowhere', { host: '0.0.0.0' })).rejects.toThrow('can be reached from other machines');
  });
});

describe('lossFunction', () => {
  const logprobs = [[-9, -1, -2, -0.5]];
  const old = [0, -1.5, -1.5, -0.5];
  const advantages = [0, 1, -1, 0.5];
  const float = (data: number[]) => ({ data, dtype: 'float32' as const });
  const data: Datum[] = [
    { model_input: { chunks: [] }, loss_fn_inputs: { logprobs: float(old), advantages: float(advantages) } },
  ];
  const ratios = old.map((value, i) => Math.exp(logprobs[0]![i]! - value));
  const expected: Record<string, number[]> = {
    // -A times the ratio
    importance_sampling: [0, -ratios[1]!, ratios[2]!, -0.5],
    // the first ratio, e^0.5, is above 1.2 and its A is positive; the second, e^-0.5, is below 0.8 and its A is negative
    ppo: [0, 0, 0, -0.5],
    // -A times the ratio within [0, 1.2]
    cispo: [0, -1.2, ratios[2]!, -0.5],
    // -A + beta (logp - old)
    dro: [0, -1 + 0.05 * 0.5, 1 - 0.05 * 0.5, -0.5],
  };

  it.each(Object.keys(expected))('%s has the gradient of its formula', (name) => {
    const { gradient } = lossFunction(name)(logprobs, data);
    gradient[0]!.forEach((value, i) => expect(value).toBeCloseTo(expected[name]![i]!, 12));
  });

  it('cross_entropy takes weights of either sign', () => {
    const weighted: Datum[] = [{ model_input: { chunks: [] }, loss_fn_inputs: { weights: float([0, 1, -2, 0.5]) } }];
    const { loss, gradient } = lossFunction('cross_entropy')(logprobs, weighted);
    expect(gradient).toEqual([[-0, -1, 2, -0.5]]);
    expect(loss).toBeCloseTo(1 - 4 + 0.25, 12);
  });
});

describe('openSequence', () => {
  it('takes requests in the order of their numbers, each once', async () => {
    const sequence = openSequence();
    const done: number[] = [];
    const submit = (number: number) => (ready: Promise<void>) => {
      void ready.then(() => done.push(number));
      return `r${number}`;
    };
    sequence.take(2, 'b', submit(2));
    sequence.take(3, 'c', submit(3));
    await Promise.resolve();
    expect(done).toEqual([]);
    sequence.skip(1); // refused: nobody waits for it
    await new Promise(setImmediate);
    expect(done).toEqual([2, 3]);
    expect(sequence.take(2, 'b', submit(99))).toBe('r2');
    expect(() => sequence.take(2, 'other', submit(99))).toThrow('reused');
    expect(sequence.take(1, 'a', submit(1))).toBe('r1'); // the number of the refused one, used again
  });

  it('gives up on a number that does not come', async () => {
    const sequence = openSequence(10);
    let turn: Promise<void> | undefined;
    sequence.take(2, 'b', (ready) => {
      turn = ready;
      return 'r2';
    });
    const keepAlive = setTimeout(() => undefined, 1000);
    await expect(turn).rejects.toThrow('request 1 did not come within 0.01 s');
    clearTimeout(keepAlive);
  });
});
