import { afterEach, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openTinker, type TinkerSession } from '../../../src/policies/tinker/client.js';
import { PolicyLost } from '../../../src/policies/policy-lost.js';
import { encodeSamples, PROTOBUF } from '../../../src/policies/tinker/protocol/protobuf.js';

type Reply = readonly [status: number, body: unknown];
type Asked = readonly [path: string, body: Record<string, unknown>];

const open: { server: http.Server; session?: TinkerSession }[] = [];
afterEach(() => {
  for (const { server, session } of open.splice(0)) {
    session?.close();
    server.close();
    server.closeAllConnections();
  }
});

/** A server whose next results, and refusals of submissions, are written down. */
async function script(results: Reply[], submissions: Reply[] = []) {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = request.url!.replace('/api/v1/', '');
      const body = JSON.parse(Buffer.concat(parts).toString() || '{}') as Record<string, unknown>;
      asked.push([path, body]);
      const [status, reply] = replyTo(path);
      const isBinary = reply instanceof Uint8Array;
      response.writeHead(status, { 'content-type': isBinary ? PROTOBUF : 'application/json' });
      response.end(isBinary ? reply : JSON.stringify(reply));
    });
  });
  function replyTo(path: string): Reply {
    if (path === 'create_session') return [200, { session_id: 's' }];
    if (path === 'create_sampling_session') return [200, { sampling_session_id: 'a' }];
    if (path === 'create_model') return [200, { request_id: 'make' }];
    if (path === 'retrieve_future') return results.shift() ?? [200, { model_id: 'm' }];
    return submissions.shift() ?? [200, { request_id: `r${asked.length}` }];
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const one: (typeof open)[number] = { server };
  open.push(one);
  const session = await openTinker({ url: `http://127.0.0.1:${port}`, patience: 50 });
  one.session = session;
  return { session, asked };
}

const drawn = { sequences: [{ tokens: [1], logprobs: [-0.5], stop_reason: 'stop' as const }] };
const request = {
  num_samples: 1,
  prompt: { chunks: [{ type: 'encoded_text' as const, tokens: [1] }] },
  sampling_params: { temperature: 1, top_k: -1, top_p: 1 },
};
const failureOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error as Error,
  );
const paths = (asked: readonly Asked[]) => asked.map(([path]) => path);

describe('a result', () => {
  const pending: Reply = [200, { type: 'try_again', request_id: 'r', queue_state: 'paused_capacity' }];
  it.each<[string, Reply[]]>([
    ['is there at once, as JSON', [[200, drawn]]],
    ['is there at once, in binary', [[200, encodeSamples(drawn)]]],
    ['is asked for again while it is pending', [pending, pending, [200, drawn]]],
    ['is asked for again after the long poll ended', [[408, {}], [200, drawn]]], // prettier-ignore
    ['is waited for when the server is busy', [[429, { detail: 'busy' }], [503, {}], [200, drawn]]], // prettier-ignore
    ['is waited for while billing is paused', [[402, {}], [200, drawn]]], // prettier-ignore
  ])('%s', async (_, results) => {
    const { session } = await script(results);
    const { sequences } = await (await session.baseSampler('b')).sample(request);
    expect(sequences).toEqual(drawn.sequences);
    expect(results).toEqual([]);
  });

  it('that is large is asked for by name', async () => {
    const { session, asked } = await script([[200, { status: 'complete_metadata', response_payload_size: 9 }], [200, drawn]]); // prettier-ignore
    await (await session.baseSampler('b')).sample(request);
    const told = asked.filter(([path]) => path === 'retrieve_future').map(([, body]) => body['allow_metadata_only']);
    expect(told).toEqual([true, false]);
  });

  it('that was lost is asked for anew with the same request, a few times', async () => {
    const { session, asked } = await script([[410, {}], [200, drawn]]); // prettier-ignore
    await (await session.baseSampler('b')).sample(request);
    const sent = asked.filter(([path]) => path === 'asample').map(([, body]) => body);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    const always = await script(Array.from({ length: 9 }, (): Reply => [410, {}]));
    await expect((await always.session.baseSampler('b')).sample(request)).rejects.toThrow('lost the request 4 times');
  });

  it.each<[string, Reply]>([
    ['a message with a category', [200, { error: 'no such token', category: 'user' }]],
    ['SkyRL with 400', [400, { detail: 'no such token' }]],
  ])('that failed is told: %s', async (_, reply) => {
    const { session } = await script([reply]);
    const failure = await failureOf((await session.baseSampler('b')).sample(request));
    expect(failure).not.toBeInstanceOf(PolicyLost);
    expect(failure.message).toMatch(/^sample: .*no such token/);
  });
});

describe('a server that knows the model no longer', () => {
  const mute = { learning_rate: 0, beta1: 0.9, beta2: 0.9, eps: 1e-8, weight_decay: 0, grad_clip_norm: 0 };
  it.each<[string, Reply]>([
    ['of SkyRL, as a result', [400, { detail: 'Model m not loaded' }]],
    ['of serve-model, as a result', [200, { error: 'model m: unknown, or dropped', category: 'user' }]],
    ['that does not know the result', [404, { detail: 'Future not found' }]],
  ])('loses the policy: %s', async (_, reply) => {
    const { session } = await script([[200, { model_id: 'm' }], reply]);
    const model = await session.createModel('b', { rank: 1, seed: 0 });
    expect(await failureOf(model.step(mute))).toBeInstanceOf(PolicyLost);
  });

  it.each<[string, number]>([
    ['unknown', 404],
    ['gone', 410],
  ])('loses the policy when it is asked: %s', async (detail, status) => {
    const refused: Reply = [status, { detail }];
    const { session } = await script([], [refused, refused]);
    const model = await session.createModel('b', { rank: 1, seed: 0 });
    expect(await failureOf(model.step(mute))).toBeInstanceOf(PolicyLost);
    expect(await failureOf((await session.baseSampler('b')).sample(request))).toBeInstanceOf(PolicyLost);
  });

  it('is not one that does not have a checkpoint', async () => {
    const { session } = await script([], [[404, { detail: 'no such checkpoint' }]]);
    const model = await session.createModel('b', { rank: 1, seed: 0 });
    const failure = await failureOf(model.load('tinker://m/weights/x'));
    expect(failure).not.toBeInstanceOf(PolicyLost);
    expect(failure.message).toContain('no such checkpoint');
  });
});

describe('the numbers of requests', () => {
  it('go up by one in the order of the calls, and a refused request leaves its own to the next', async () => {
    const refused: Reply = [422, { detail: 'not like this' }];
    const accepted: Reply = [200, { request_id: 'r' }];
    const { session, asked } = await script([], [accepted, refused]);
    const model = await session.createModel('b', { rank: 1, seed: 0 });
    const adam = { learning_rate: 0, beta1: 0.9, beta2: 0.9, eps: 1e-8, weight_decay: 0, grad_clip_norm: 0 };
    const results = await Promise.allSettled([model.step(adam), model.step(adam), model.step(adam), model.step(adam)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    const numbers = asked.filter(([path]) => path === 'optim_step').map(([, body]) => body['seq_id']);
    expect(numbers).toEqual([1, 2, 2, 3]);
  });

  it('are not sent after the session was closed', async () => {
    const { session, asked } = await script([]);
    const sampler = await session.baseSampler('b');
    session.close();
    await expect(sampler.sample(request)).rejects.toThrow('was closed');
    expect(paths(asked)).not.toContain('asample');
  });
});
