import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { qInsightRewards } from '../../src/index.js';
import { LEN } from './len.js';
import { post, serving } from './serving.js';

interface Recorded {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly request: Record<string, unknown>;
  readonly status: number;
  readonly response: Record<string, unknown>;
}

interface ScoreReply {
  readonly results: { readonly id?: string; readonly score: number; readonly components: object }[];
}

function recorded(name: string): Recorded[] {
  const text = readFileSync(new URL(`captures/${name}.jsonl`, import.meta.url), 'utf8');
  return text.trimEnd().split('\n').map((line) => JSON.parse(line) as Recorded); // prettier-ignore
}

const bodies = (...names: string[]): [string, Recorded][] =>
  names.flatMap((name) =>
    recorded(name).map((line, i): [string, Recorded] => [`${name} ${i + 1}, ${line.path}`, line]),
  );

/** The headers of the caller, those aside that the client of the test has to set itself. */
function headersOf({ headers }: Recorded): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'accept-encoding'));
}

const scored = bodies('trl-1.16.0', 'verl-0.9.1', 'verifiers-0.4.0').filter(([, line]) => line.path === '/v1/score');
const sessions = bodies('nemo-gym-0.4.0', 'verifiers-0.4.0').filter(([, { path }]) => /^\/(?:seed_session|verify)$/.test(path)); // prettier-ignore

test.each(scored)('%s gets the rewards that were recorded', async (_, line) => {
  const { url } = await serving(LEN);
  const { status, body } = await post(`${url}${line.path}`, line.request, headersOf(line));
  const { results } = line.response as unknown as ScoreReply;
  expect(status).toBe(200);
  expect(body).toEqual({ results: results.map((result, i) => ({ id: String(i), ...result })), errors: [] });
});

test('the recorded batches are of several samples, of texts and of messages', () => {
  const samples = recorded('trl-1.16.0').map((line) => line.request['samples'] as { response: unknown }[]);
  expect(samples.map((batch) => batch.length)).toEqual([4, 4, 4, 4]);
  expect(samples.map(([first]) => Array.isArray(first!.response))).toEqual([false, false, true, true]);
});

test.each(sessions)('%s gets the reply that was recorded', async (_, line) => {
  const { url } = await serving(LEN);
  const reply = await post(`${url}${line.path}`, line.request, headersOf(line));
  expect(reply.status).toBe(line.status);
  expect(reply.body).toEqual(line.response);
});

test('the echo keeps what JavaScript would round', async () => {
  const { url } = await serving(LEN);
  const body =
    '{"responses_create_params": {"input": "a"}, "row": 12345678901234567890, "x": 1.0, "response": {"output": []}} ';
  const { text } = await post(`${url}/verify`, body);
  expect(text).toBe(`${body.slice(0, -2)},"reward":0,"reward_components":{"len":0}}`);
});

test.each(bodies('openrlhf-0.11.2'))('%s is answered', async (_, line) => {
  const { url } = await serving(LEN);
  const { status, body } = await post(`${url}${line.path}`, line.request, headersOf(line));
  // The recording server counted the end-of-turn token too: 0.7 for "good<|im_end|>".
  if (line.path === '/get_reward') expect(body).toEqual({ rewards: [0.2], scores: [0.2], extra_logs: { len: [0.2] } });
  else if (line.path === '/v1/score')
    expect(body).toEqual({ results: [{ id: '0', score: 0.2, components: { len: 0.2 } }], errors: [] });
  else expect([status, body.error.code]).toEqual([line.status, 'not_found']);
});

test("Q-Insight's rewards find the labels of OpenRLHF, NeMo-Gym, verifiers and TRL where each keeps them", async () => {
  const { url } = await serving({ rewards: qInsightRewards() });
  for (const [, line] of sessions.filter(([, { path }]) => path === '/verify')) {
    const { body } = await post(`${url}/verify`, line.request);
    expect([body.reward, body.reward_components]).toEqual([1, { format: 0, score: 1 }]); // said 3.4, mos 3.2, no <think>
  }
  const [openrlhf] = recorded('openrlhf-0.11.2');
  const query = (openrlhf!.request['query'] as string[])[0]!.replace(
    'good',
    '<think>a</think>\n<answer>{"rating": 3.4}</answer>',
  );
  const asked = await post(`${url}/get_reward`, { ...openrlhf!.request, query: [query] });
  expect(asked.body).toEqual({
    rewards: [2],
    scores: [1],
    extra_logs: { format: [1], score: [1], degradation: [0], comparison: [0] },
  });
  const [trl] = recorded('trl-1.16.0');
  const rewarded = await post(`${url}/v1/score`, trl!.request);
  expect(rewarded.body.results[0]!.components).toEqual({ format: 0, score: 0, degradation: null, comparison: null });
  expect(rewarded.body.errors).toEqual([]);
});

test('a label that cannot be read is an error that names the sample, not a silent null', async () => {
  const { url } = await serving({ rewards: qInsightRewards() });
  const [trl] = recorded('trl-1.16.0');
  const request = { samples: [(trl!.request['samples'] as object[])[0], { id: 'x2', response: 'a', ground_truth: 'lab' }] }; // prettier-ignore
  const { status, body } = await post(`${url}/v1/score`, request);
  expect(status).toBe(422);
  expect(body.error).toMatchObject({ code: 'invalid', sample: 'x2', message: expect.stringContaining('got "lab"') });
});
