import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Reward } from '../../src/index.js';
import type { RewardSet } from '../../src/server/index.js';
import { LEN } from './len.js';
import { deferred, get, post, serving, until, type Reply } from './serving.js';

/** A set whose reward waits until it is let go; counts the calls, and those that were aborted. */
function gated() {
  const gate = deferred();
  const counts = { begun: 0, aborted: 0 };
  const order: string[] = [];
  const slow: Reward = {
    name: 'slow',
    range: [0, 1],
    async score(sample, context) {
      counts.begun += 1;
      order.push(sample.completion);
      context?.signal.addEventListener('abort', () => (counts.aborted += 1));
      await gate.promise;
      return 1;
    },
  };
  const set: RewardSet = { rewards: [slow], labels: 'optional' };
  return { set, counts, order, open: gate.resolve };
}

const metric = async (url: string, name: string): Promise<string | undefined> =>
  (await get(`${url}/metrics`)).text.split('\n').find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`)); // prettier-ignore

describe('a token', () => {
  const faces = ['/v1/score', '/get_reward', '/slime', '/verify', '/seed_session', '/nope'];

  test.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer secre' }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Digest secret' }],
    ['the bare token', { authorization: 'secret' }],
    ['a wrong password', { authorization: `Basic ${Buffer.from('secret:nope').toString('base64')}` }],
  ])('with %s nothing is answered but /health', async (_, headers) => {
    const { url } = await serving(LEN, { token: 'secret' });
    for (const face of faces) {
      const reply = await post(`${url}${face}`, { response: 'a' }, headers);
      expect([face, reply.status, reply.body.error.code]).toEqual([face, 401, 'unauthorized']);
      expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect((await get(`${url}/metrics`, headers)).status).toBe(401);
    expect((await get(`${url}/health`)).status).toBe(200);
  });

  test('opens as bearer, and as the password that a URL carries', async () => {
    const { url } = await serving(LEN, { token: 'secret:with-colon' });
    const basic = `Basic ${Buffer.from('any:secret:with-colon').toString('base64')}`;
    for (const authorization of ['Bearer secret:with-colon', 'bearer secret:with-colon', basic])
      expect((await post(`${url}/v1/score`, { response: 'a' }, { authorization })).status).toBe(200);
  });

  test('is needed where other machines can call', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.0.1', 'example.org'])
      await expect(serving(LEN, { host })).rejects.toThrow(`${host} can be reached from other machines, so a token is needed`); // prettier-ignore
    await expect(serving(LEN, { token: '' })).rejects.toThrow('token must not be empty');
  });
});

describe('sizes', () => {
  test('a body above the limit is 413, whether it says so or not', async () => {
    const { url } = await serving(LEN, { bodyLimit: 1000 });
    const large = JSON.stringify({ response: 'x'.repeat(2000) });
    const reply = await post(`${url}/v1/score`, large);
    expect([reply.status, reply.body.error.code]).toEqual([413, 'too_large']);
    const stream = new Blob([large]).stream(); // no content-length
    const headers = { 'content-type': 'application/json' };
    const init: RequestInit = { method: 'POST', body: stream, duplex: 'half', headers };
    expect((await fetch(`${url}/v1/score`, init)).status).toBe(413);
    expect((await post(`${url}/v1/score`, { response: 'x'.repeat(900) })).status).toBe(200);
  });

  test('too many samples are 413', async () => {
    const { url } = await serving(LEN, { sampleLimit: 2 });
    const samples = ['a', 'b', 'c'].map((response) => ({ response }));
    const reply = await post(`${url}/v1/score`, { samples });
    expect(reply.status).toBe(413);
    expect(reply.body.error.message).toBe('a request may hold 2 samples, this one has 3');
    expect((await post(`${url}/v1/score`, { samples: samples.slice(1) })).status).toBe(200);
  });

  test('a request that does not arrive in time is 408', async () => {
    const { url } = await serving(LEN, { requestTimeout: 200 });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(
      'POST /v1/score HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    const [reply] = (await once(socket, 'data')) as [Buffer];
    expect(reply.toString()).toMatch(/^HTTP\/1\.1 408 /);
    expect(reply.toString()).toContain('"code":"request_timeout"');
    socket.destroy();
  });
});

describe('more requests than can be scored', () => {
  test('wait in the queue, first come, first served; beyond it they are 429 with Retry-After', async () => {
    const { set, counts, order, open } = gated();
    const { url } = await serving(set, { active: 2, queue: 3 });
    const asked: Promise<Reply>[] = [];
    for (const response of ['0', '1', '2', '3', '4']) {
      asked.push(post(`${url}/v1/score`, { response }));
      const now = `q_insight_requests_in_flight ${asked.length}`;
      await until(async () => (await metric(url, 'q_insight_requests_in_flight')) === now);
    }
    await until(() => counts.begun === 2);
    const busy = await post(`${url}/v1/score`, { response: 'a' });
    expect([busy.status, busy.body.error.code]).toEqual([429, 'busy']);
    expect(Number(busy.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await metric(url, 'q_insight_requests_rejected_total')).toBe(
      'q_insight_requests_rejected_total{code="busy"} 1',
    );
    open();
    expect((await Promise.all(asked)).map((reply) => reply.status)).toEqual([200, 200, 200, 200, 200]);
    expect(order).toEqual(['0', '1', '2', '3', '4']);
    expect((await post(`${url}/v1/score`, { response: 'a' })).status).toBe(200);
  });

  test('a caller that goes away gives its place back and ends its rewards', async () => {
    const { set, counts, open } = gated();
    const { url } = await serving(set, { active: 1, queue: 1 });
    const callers = [new AbortController(), new AbortController()];
    const body = JSON.stringify({ response: 'a' });
    const headers = { 'content-type': 'application/json' };
    const lost = callers.map(async ({ signal }) => fetch(`${url}/v1/score`, { method: 'POST', body, headers, signal }).catch(() => 'gone')); // prettier-ignore
    await until(async () => (await metric(url, 'q_insight_requests_in_flight')) === 'q_insight_requests_in_flight 2');
    await until(() => counts.begun === 1);
    expect((await post(`${url}/v1/score`, body)).status).toBe(429);
    for (const caller of callers) caller.abort();
    expect(await Promise.all(lost)).toEqual(['gone', 'gone']);
    await until(async () => (await metric(url, 'q_insight_requests_in_flight')) === 'q_insight_requests_in_flight 0');
    expect(await metric(url, 'q_insight_requests_total')).toBe(
      'q_insight_requests_total{path="/v1/score",status="499"} 2',
    );
    open();
    expect((await post(`${url}/v1/score`, body)).status).toBe(200);
    expect(counts).toEqual({ begun: 2, aborted: 1 }); // the one that waited was never begun
  });
});

describe('going down', () => {
  test('what is under way is finished, newcomers are 503', async () => {
    const { set, counts, open } = gated();
    const server = await serving(set, { active: 1, drainTimeout: 20_000 });
    const { url } = server;
    const asked = [post(`${url}/v1/score`, { response: 'a' }), post(`${url}/v1/score`, { response: 'b' })];
    await until(async () => (await metric(url, 'q_insight_requests_in_flight')) === 'q_insight_requests_in_flight 2');
    const closed = server.close();
    const late = await post(`${url}/v1/score`, { response: 'late' });
    expect([late.status, late.body.error.code]).toEqual([503, 'draining']);
    expect(late.headers.get('retry-after')).not.toBeNull();
    expect(late.headers.get('connection')).toBe('close');
    const health = await get(`${url}/health`);
    expect([health.status, health.body.error.code]).toEqual([503, 'draining']);
    expect(counts.begun).toBe(1);
    open();
    const opened = performance.now();
    expect((await Promise.all(asked)).map(({ body }) => body.score)).toEqual([1, 1]); // the one in the queue too
    await closed;
    expect(performance.now() - opened).toBeLessThan(10_000); // when all is done, not when the time is up
    await expect(get(`${url}/health`)).rejects.toThrow();
    await server.close(); // again does no harm
  });

  test('what takes longer than the drain is told so, and the server ends', async () => {
    const { set, counts } = gated();
    const server = await serving(set, { active: 1, drainTimeout: 50 });
    const asked = [
      post(`${server.url}/v1/score`, { response: 'a' }),
      post(`${server.url}/v1/score`, { response: 'b' }),
    ];
    await until(() => counts.begun === 1);
    await until(async () => (await metric(server.url, 'q_insight_requests_in_flight')) === 'q_insight_requests_in_flight 2'); // prettier-ignore
    await server.close();
    for (const { status, body } of await Promise.all(asked))
      expect([status, body.error.code]).toEqual([503, 'draining']);
    expect(counts.aborted).toBe(1);
  });

  test('a connection that says nothing does not hold it up', async () => {
    const server = await serving(LEN);
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /v1/sc');
    socket.on('error', () => undefined);
    const start = performance.now();
    await server.close();
    expect(performance.now() - start).toBeLessThan(30_000); // half the time in which a request must have arrived
    socket.destroy();
  });
});

test('addresses and methods that are not there say what is', async () => {
  const { url } = await serving(LEN);
  const wrong = await get(`${url}/v1/score?a=1`);
  expect([wrong.status, wrong.headers.get('allow'), wrong.body.error.code]).toEqual([
    405,
    'POST',
    'method_not_allowed',
  ]);
  expect((await post(`${url}/metrics`, {})).headers.get('allow')).toBe('GET, HEAD');
  expect((await get(`${url}/v2/score`)).body.error).toEqual({
    code: 'not_found',
    message: 'there is no /v2/score here',
  });
});

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=a',
  'application/jsonx',
  'a',
])('the content type %s is 415, so a page in a browser cannot post unasked', async (type) => {
  const { url } = await serving(LEN);
  const reply = await post(`${url}/v1/score`, { response: 'a' }, { 'content-type': type });
  expect([reply.status, reply.body.error.code]).toEqual([415, 'unsupported_media_type']);
});

test.each([
  [{ port: -1 }, 'port must be a whole number of at least 0, got -1'],
  [{ port: 70_000 }, 'port must be at most 65535, got 70000'],
  [{ queue: 1.5 }, 'queue must be a whole number of at least 0, got 1.5'],
  [{ processes: 0 }, 'processes must be a whole number of at least 1, got 0'],
])('the options %j are refused', async (options, message) => {
  await expect(serving(LEN, options)).rejects.toThrow(message);
});

test('a port that is taken is named', async () => {
  const { url } = await serving(LEN);
  await expect(serving(LEN, { port: Number(new URL(url).port) })).rejects.toThrow('EADDRINUSE');
});
