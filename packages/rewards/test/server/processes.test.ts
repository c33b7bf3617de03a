import { afterEach, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { get, post, until, valueIn } from './serving.js';
import { spawnServer, type Child } from './spawn.js';

const open: Child[] = [];
afterEach(() => open.splice(0).forEach((child) => child.process.kill('SIGKILL')));
const spawned = async (...options: Parameters<typeof spawnServer>): Promise<Child> => {
  const child = await spawnServer(...options);
  open.push(child);
  return child;
};

/** Waits until a metric has a value: a process that is late with its counts tells them the next time. @returns all metrics then */
async function untilMetric({ url }: Child, name: string, value: number): Promise<string> {
  let text = '';
  await until(async () => {
    ({ text } = await get(`${url}/metrics`, { connection: 'close' }));
    return valueIn(text, name) === value;
  });
  return text;
}

/** Waits until a server that goes down says so. */
const untilDraining = async ({ url }: Child) => until(async () => (await get(`${url}/health`)).status === 503);

/** The processes that serve for a child of ours. */
function serversOf({ process: { pid } }: Child): number[] {
  const lines = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n');
  return lines.filter((line) => line.includes('child-')).map((line) => Number.parseInt(line, 10));
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'on %s one process finishes what is under way and ends with 0',
  async (signal) => {
    const child = await spawned();
    const slow = post(`${child.url}/v1/score`, { response: 'slow' });
    await untilMetric(child, 'q_insight_requests_in_flight', 1);
    child.process.kill(signal);
    await untilDraining(child);
    expect((await post(`${child.url}/v1/score`, { response: 'late' })).status).toBe(503);
    child.letGo();
    expect((await slow).body).toMatchObject({ score: 0.2, errors: [] });
    expect(await child.ended).toEqual([0, null]);
  },
);

test('a second signal ends it at once', async () => {
  const child = await spawned();
  const slow = post(`${child.url}/v1/score`, { response: 'slow' }).catch(() => 'cut off');
  await untilMetric(child, 'q_insight_requests_in_flight', 1);
  child.process.kill('SIGTERM');
  await untilDraining(child);
  child.process.kill('SIGTERM');
  expect(await child.ended).toEqual([143, null]);
  expect(await slow).toBe('cut off');
});

test('several processes share the port, add up their metrics, replace one that dies, and go down together', async () => {
  const child = await spawned({ processes: 2 });
  await untilMetric(child, 'q_insight_processes', 2);
  const samples = Array.from({ length: 3 }, () => ({ response: 'x' }));
  const replies = await Promise.all(Array.from({ length: 10 }, async () => post(`${child.url}/v1/score`, { samples }, { connection: 'close' }))); // prettier-ignore
  expect(replies.map((reply) => reply.status)).toEqual(new Array(10).fill(200));
  const all = await untilMetric(child, 'q_insight_samples_total', 30);
  expect(valueIn(all, 'q_insight_reward_value_count{reward="len"}')).toBe(30);
  expect(valueIn(all, 'q_insight_reward_mean{reward="len"}')).toBeCloseTo(0.05, 12);

  const before = serversOf(child);
  expect(before).toHaveLength(2);
  process.kill(before[0]!, 'SIGKILL');
  await until(() => child.said().includes('ended with SIGKILL; a new one takes its place'));
  await untilMetric(child, 'q_insight_processes', 2);
  const after = serversOf(child);
  expect(after).toHaveLength(2);
  expect(after).toContain(before[1]);

  const slow = Array.from({ length: 4 }, async () => post(`${child.url}/v1/score`, { response: 'slow' }));
  await untilMetric(child, 'q_insight_requests_in_flight', 4);
  child.process.kill('SIGTERM');
  await untilDraining(child);
  child.letGo();
  expect((await Promise.all(slow)).map(({ body }) => body.score)).toEqual([0.2, 0.2, 0.2, 0.2]);
  expect(await child.ended).toEqual([0, null]);
  for (const pid of after) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('a process that stands still is counted as it was last: no sum goes down', async () => {
  const child = await spawned({ processes: 2 });
  const url = `${child.url}/metrics`;
  const close = { connection: 'close' };
  await Promise.all(Array.from({ length: 10 }, async () => post(`${child.url}/v1/score`, { response: 'x' }, close)));
  await untilMetric(child, 'q_insight_samples_total', 10);
  const [still] = serversOf(child);
  process.kill(still!, 'SIGSTOP');
  const asked: ReturnType<typeof get>[] = [];
  try {
    await until(async () => {
      const two = [get(url, close), get(url, close)]; // one may be given to the process that stands still
      asked.push(...two);
      return valueIn((await Promise.race(two)).text, 'q_insight_samples_total') === 10;
    });
  } finally {
    process.kill(still!, 'SIGCONT');
  }
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 200));
});

test('a port that is taken ends them all, with one message', async () => {
  const { url } = await spawned();
  await expect(spawned({ processes: 2, port: Number(new URL(url).port) })).rejects.toThrow('EADDRINUSE');
});
