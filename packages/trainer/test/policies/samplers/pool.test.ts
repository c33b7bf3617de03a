import { describe, expect, test } from '@jest/globals';
import { ServerRefusal, ServerTrouble } from '../../../src/policies/samplers/http.js';
import { createServerPool, type ServerPoolOptions } from '../../../src/policies/samplers/pool.js';

const pool = (options: Partial<ServerPoolOptions>) =>
  createServerPool({ urls: ['a', 'b'], concurrency: 2, outage: 0.05, rest: 0.005, ...options });

const later = <T>(value: T, milliseconds = 5) => new Promise<T>((resolve) => setTimeout(resolve, milliseconds, value));
const away = () => Promise.reject(new ServerTrouble('connection refused', false));
const busy = () => Promise.reject(new ServerTrouble('status 500', true));

describe('createServerPool', () => {
  test('spreads jobs evenly, and no server gets more than its share at a time', async () => {
    const { run } = pool({});
    const [now, most, total] = [
      { a: 0, b: 0 },
      { a: 0, b: 0 },
      { a: 0, b: 0 },
    ];
    const job = async (url: string) => {
      const name = url as 'a' | 'b';
      most[name] = Math.max(most[name], ++now[name]);
      total[name]++;
      await later(undefined);
      now[name]--;
    };
    await Promise.all(Array.from({ length: 20 }, () => run(job)));
    expect(most).toEqual({ a: 2, b: 2 });
    expect(total.a + total.b).toBe(20);
    expect(Math.abs(total.a - total.b)).toBeLessThanOrEqual(2);
  });

  test('gives a job to another server when one is down, and says nothing of an outage', async () => {
    const outages: string[] = [];
    const { run } = pool({ onOutage: (reason) => outages.push(reason) });
    const job = (url: string) => (url === 'a' ? away() : later(url));
    expect(await Promise.all(Array.from({ length: 6 }, () => run(job)))).toEqual(Array(6).fill('b'));
    expect(outages).toEqual([]);
  });

  test('a job that a server spoils waits for one that is well, rather than come back until its attempts are used up', async () => {
    const { run } = pool({ concurrency: 1, rest: 0.001 });
    // while the one is well and busy, there is time for far more than five attempts at the other
    const job = (url: string) => (url === 'a' ? busy() : later(url, 200));
    expect(await Promise.all([run(job), run(job)])).toEqual(['b', 'b']);
  });

  test('a server in trouble is named once, and asked one job at a time until it answers', async () => {
    const troubles: string[] = [];
    const { run } = pool({ rest: 0.001, onTrouble: (reason) => troubles.push(reason) });
    let [now, most, calls] = [0, 0, 0];
    const spoil = async () => {
      now++;
      if (++calls > 2) most = Math.max(most, now); // the first two are sent before it is known to fail
      await later(undefined, 2);
      now--;
      return busy();
    };
    const job = (url: string) => (url === 'a' ? spoil() : later(url, 40));
    await Promise.all(Array.from({ length: 12 }, () => run(job)));
    expect(most).toBe(1);
    expect(troubles).toEqual(['status 500']);
  });

  test('waits while none answers, says so once, and goes on when one is back', async () => {
    const outages: string[] = [];
    const { run } = pool({ outage: 50, onOutage: (reason) => outages.push(reason) });
    let calls = 0;
    expect(await run((url) => (++calls < 6 ? away() : later(url)))).toMatch(/^[ab]$/);
    expect(outages).toEqual(['connection refused']);
  });

  test('gives up after an outage, with the reason', async () => {
    await expect(pool({}).run(away)).rejects.toThrow(
      /^no server has answered for \d+ s; the last: connection refused$/,
    );
  });

  test('tries a job that fails wherever it runs five times, then throws what the server said', async () => {
    let calls = 0;
    const failing = pool({ urls: ['a'] }).run(() => (calls++, busy()));
    await expect(failing).rejects.toThrow('status 500');
    expect(calls).toBe(5);
  });

  test('does not repeat what a server refuses, or a mistake of our own', async () => {
    for (const error of [new ServerRefusal('no such model', 404), new Error('mistake')]) {
      let calls = 0;
      await expect(pool({}).run(() => (calls++, Promise.reject(error)))).rejects.toBe(error);
      expect(calls).toBe(1);
    }
  });

  test('an abort ends the wait for a server', async () => {
    const stop = new AbortController();
    const waiting = pool({ outage: 60, rest: 60 }).run(away, stop.signal);
    setTimeout(() => stop.abort(new Error('enough')), 10);
    await expect(waiting).rejects.toThrow('enough');
  });
});
