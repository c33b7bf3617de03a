import { describe, expect, test } from '@jest/globals';
import type { AnyReward, BatchReward, Reward, Sample } from '../../src/index.js';
import { workerReward } from '../../src/worker/index.js';
import { len } from './len.js';
import { get, post, serving } from './serving.js';

/** A reward that misbehaves on one completion. */
const failing = (on: string, misbehave: () => unknown): Reward => ({
  name: 'frail',
  range: [0, 1],
  score: ({ completion }) => (completion === on ? (misbehave() as number) : 1),
});

const fail = (): never => {
  throw new Error('out of memory');
};

/** A batch reward that misbehaves. */
const miscounting = (give: (samples: readonly Sample[]) => unknown): BatchReward => ({
  name: 'frail',
  range: [0, 1],
  scoreBatch: (samples) => give(samples) as Map<string, number>,
});

const samples = ['a', 'b'].map((response) => ({ id: `id-${response}`, group: 'g', response }));
const both = ['id-a', 'id-b'];

const cases: [string, AnyReward, string[], string, string][] = [
  ['hangs', failing('b', () => new Promise(() => undefined)), ['id-b'], 'timeout', 'gave no answer within 50 ms'],
  ['throws', failing('b', fail), ['id-b'], 'error', 'threw: out of memory'],
  ['rejects', failing('b', async () => Promise.reject(new Error('no judge'))), ['id-b'], 'error', 'threw: no judge'],
  ['throws nothing', failing('b', () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- plain JavaScript may
        throw undefined;
      }), ['id-b'], 'error', 'threw: undefined'], // prettier-ignore
  ['gives NaN', failing('b', () => NaN), ['id-b'], 'value', 'got NaN'],
  ['gives a text', failing('b', () => '0.5'), ['id-b'], 'value', 'got a value of type string'],
  ['gives nothing', failing('b', () => undefined), ['id-b'], 'value', 'got undefined'],
  ['leaves its range', failing('b', () => 1.5), ['id-b'], 'value', 'got 1.5'],
  ['gives too few', miscounting(() => new Map([['id-a', 1]])), both, 'value', 'id-b'],
  ['gives an array', miscounting(() => [1, 1]), both, 'value', 'got an array'],
];

describe.each(cases)('a reward that %s', (_, frail, ids, kind, words) => {
  const set = { rewards: [frail, len], labels: 'optional', timeout: 50 } as const;

  test('is named with its samples, and the others are rewarded all the same', async () => {
    const lines: string[] = [];
    const { url } = await serving(set, { log: (line) => lines.push(line) });
    const { status, body } = await post(`${url}/v1/score`, { samples });
    expect(status).toBe(200);
    expect(body.errors).toEqual([{ reward: 'frail', samples: ids, kind, message: expect.stringContaining(words) }]);
    expect(body.errors[0]!.message).toContain(`reward "frail" on sample`);
    expect(body.results.map((row) => row.id)).toEqual(both);
    const lost = ids.length === 2 ? null : 1;
    expect(body.results[0]!.components).toEqual({ frail: lost, len: 0.05 });
    expect(body.results[1]).toEqual({ id: 'id-b', score: 0.05, components: { frail: null, len: 0.05 } });
    expect(lines).toEqual([body.errors[0]!.message]);
    const { text } = await get(`${url}/metrics`);
    const [errors, timeouts] = kind === 'timeout' ? [0, 1] : [1, 0];
    expect(text).toContain(`q_insight_reward_errors_total{reward="frail"} ${errors}\n`);
    expect(text).toContain(`q_insight_reward_timeouts_total{reward="frail"} ${timeouts}\n`);
    expect(text).toContain(`q_insight_reward_nulls_total{reward="frail"} ${ids.length}\n`);
  });

  test('fails the request when the set says so, and the server goes on', async () => {
    const { url } = await serving({ ...set, onError: { frail: 'fail-run' } });
    const { status, body } = await post(`${url}/v1/score`, { samples });
    expect(status).toBe(500);
    expect(body.error).toMatchObject({ code: 'reward_failed', reward: 'frail', samples: ids });
    expect(body.error.message).toContain(words);
    expect((await get(`${url}/health`)).status).toBe(200);
  });
});

test.each([
  ['zero', [1.05, 0.05], { frail: 0, len: 0.05 }],
  ['skip', [1.05, null], { frail: null, len: null }],
  ['fail-group', [null, null], { frail: null, len: null }],
] as const)('the policy %s is kept', async (onError, scores, components) => {
  const { url } = await serving({ rewards: [failing('b', fail), len], labels: 'optional', onError });
  const { body } = await post(`${url}/v1/score`, { samples });
  expect(body.results.map((row) => row.score)).toEqual(scores);
  expect(body.results[1]!.components).toEqual(components);
  expect(body.errors).toHaveLength(1);
});

test('callers that know numbers only get the floor', async () => {
  const set = { rewards: [failing('b', fail)], labels: 'optional', floor: -1 } as const;
  const { url } = await serving(set);
  const verify = { responses_create_params: { input: 'a' }, response: { output: [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'b' }] }] } }; // prettier-ignore
  expect((await post(`${url}/slime`, { response: 'b' })).text).toBe('-1');
  expect((await post(`${url}/verify`, verify)).body).toEqual({ ...verify, reward: -1, reward_components: {} });
  expect((await post(`${url}/get_reward`, { query: ['pb'], prompts: ['p'], labels: [null] })).body).toEqual({
    rewards: [-1],
    extra_logs: { frail: [0] },
  });
});

test('a loop without end in a worker is ended, and the server answers meanwhile', async () => {
  const module = new URL('../worker/rewards.mjs', import.meta.url);
  const reward = workerReward({ name: 'w', range: [0, 1e6], module, timeout: 2000 });
  const { url } = await serving({ rewards: [reward], labels: 'optional' });
  const looping = post(`${url}/v1/score`, { response: 'loop' });
  expect((await get(`${url}/health`)).status).toBe(200);
  expect((await looping).body.errors).toEqual([
    { reward: 'w', samples: ['0'], kind: 'timeout', message: 'reward "w" on sample "0" gave no answer within 2000 ms; its thread was ended' }, // prettier-ignore
  ]);
  expect((await post(`${url}/v1/score`, { response: 'abc' })).body.score).toBe(3);
  await reward.close();
});

test('of many failures a second one line is written, and the next says how many there were', async () => {
  const lines: string[] = [];
  const { url } = await serving({ rewards: [failing('b', fail)], labels: 'optional' }, { log: (line) => lines.push(line) }); // prettier-ignore
  const many = Array.from({ length: 50 }, () => ({ response: 'b' }));
  expect((await post(`${url}/v1/score`, { samples: many })).body.errors).toHaveLength(50);
  expect(lines).toEqual(['reward "frail" on sample "0" threw: out of memory']);
});
