import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { serveModel, type ModelServer } from '../src/serve-model/index.js';
import { lossFunction } from '../src/serve-model/losses.js';
import { openSequence } from '../src/serve-model/sequence.js';
import type { Datum } from '../src/policies/tinker/protocol/messages.js';
import { goldenPath } from './helpers/golden.js';
import { temporaryFolder } from './helpers/temporary.js';

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
