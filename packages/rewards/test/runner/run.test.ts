import { describe, expect, test } from '@jest/globals';
import {
  memoryCache,
  runRewards,
  type BatchReward,
  type ErrorPolicy,
  type Reward,
  type Sample,
} from '../../src/index.js';
import { sampleOf } from '../samples.js';

const constant = (name: string, value: unknown): Reward => ({ name, range: [0, 1], score: () => value as number });
const SAMPLES = [sampleOf('a', undefined, '1'), sampleOf('bb', undefined, '2')];
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('the table', () => {
  test('rows follow the samples, columns the rewards; null is left out of the sum', async () => {
    const byLength: Reward = {
      name: 'length',
      range: [0, 9],
      score: (sample) => Promise.resolve(sample.completion.length),
    };
    const table = await runRewards(SAMPLES, [byLength, constant('none', null), constant('half', 0.5)], {
      weights: { length: 2 },
    });
    expect(table).toMatchObject({
      names: ['length', 'none', 'half'],
      ids: ['1', '2'],
      values: [
        [1, null, 0.5],
        [2, null, 0.5],
      ],
      totals: [2.5, 4.5],
      issues: [],
    });
  });

  test('a row of nulls has the total null', async () => {
    expect((await runRewards(SAMPLES, [constant('none', null)])).totals).toEqual([null, null]);
    expect(await runRewards([], [constant('none', null)])).toMatchObject({ ids: [], values: [], totals: [] });
    expect((await runRewards(SAMPLES, [])).totals).toEqual([null, null]);
  });

  test('a reward named like a property of every object has weight 1', async () => {
    expect((await runRewards(SAMPLES, [constant('constructor', 1)])).totals).toEqual([1, 1]);
  });

  test('slow and fast answers stay with their samples', async () => {
    const samples = Array.from({ length: 20 }, (_, i) => sampleOf(String(i), undefined, `id${i}`));
    const backwards: Reward = {
      name: 'backwards',
      range: [0, 19],
      async score({ completion }) {
        await wait(20 - Number(completion));
        return Number(completion);
      },
    };
    expect((await runRewards(samples, [backwards])).totals).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe('batch rewards', () => {
  const samples: Sample[] = ['x', 'y', 'x', 'y'].map((group, i) => ({ ...sampleOf('a', undefined, `s${i}`), group }));
  const seen: string[][] = [];
  const counting = (scope?: 'batch' | 'group'): BatchReward => ({
    name: 'counting',
    range: [0, 9],
    ...(scope === undefined ? {} : { scope }),
    scoreBatch(batch) {
      seen.push(batch.map((sample) => sample.id));
      return new Map(batch.map((sample, i) => [sample.id, i]).reverse() as [string, number][]);
    },
  });

  test('are called once, or once a group, and their values are aligned by id', async () => {
    expect((await runRewards(samples, [counting()])).totals).toEqual([0, 1, 2, 3]);
    expect((await runRewards(samples, [counting('group')])).totals).toEqual([0, 0, 1, 1]);
    expect(seen).toEqual([
      ['s0', 's1', 's2', 's3'],
      ['s0', 's2'],
      ['s1', 's3'],
    ]);
    expect((await runRewards([], [counting()])).totals).toEqual([]);
  });

  test('may stream', async () => {
    const streaming: BatchReward = {
      name: 'streaming',
      range: [0, 9],
      async *scoreBatch(batch) {
        for (const sample of batch.toReversed()) {
          await wait(1);
          yield [sample.id, Number(sample.id.slice(1))];
        }
      },
    };
    expect((await runRewards(samples, [streaming])).totals).toEqual([0, 1, 2, 3]);
  });

  test.each([
    [new Map([['s0', 1]]), 'gave no value for sample "s1"'],
    [new Map(['s0', 's1', 's2', 's3', 'x'].map((id) => [id, 1])), 'gave a value for a sample it was not called with'],
    [
      new Map(['s0', 's1', 's2', 's3'].map((id) => [id, NaN])),
      'must give null or a number in [0, 9], got NaN for sample "s0"',
    ],
    [[1, 2, 3, 4], 'must give a Map by sample id, got an array'],
    [undefined, 'must give a Map by sample id, got undefined'],
  ])('%p is refused', async (scores, message) => {
    const bad = { ...counting(), scoreBatch: () => scores as Map<string, number> };
    await expect(runRewards(samples, [bad])).rejects.toThrow(
      `runRewards: reward "counting" on samples "s0", "s1", "s2" and 1 more ${message}`,
    );
  });
});

describe('a reward that fails', () => {
  test.each([
    [NaN, 'NaN'],
    [1.01, '1.01'],
    [-0.01, '-0.01'],
    [undefined, 'undefined'],
    ['1', 'a value of type string'],
    [[1], 'an array'],
    [Promise.resolve('1'), 'a value of type string'],
  ])('%p is no reward', async (value, got) => {
    await expect(runRewards(SAMPLES, [constant('bad', value)])).rejects.toThrow(
      `runRewards: reward "bad" on sample "1" must give null or a number in [0, 1], got ${got}`,
    );
  });

  const throws: Reward = {
    name: 'bad',
    range: [0.5, 1],
    score(sample) {
      if (sample.id === '1') throw new Error('no network');
      return 1;
    },
  };
  const rejects: Reward = { ...throws, score: async (sample) => Promise.resolve().then(() => throws.score(sample)) };

  test.each([throws, rejects])('ends the run by default, and is named', async (reward) => {
    const run = runRewards(SAMPLES, [reward]);
    await expect(run).rejects.toThrow('runRewards: reward "bad" on sample "1" threw: no network');
    await expect(run).rejects.toMatchObject({ cause: { message: 'no network' } });
  });

  test.each<[ErrorPolicy, (number | null)[][], (number | null)[]]>([
    [
      'null',
      [
        [null, 1],
        [1, 1],
        [1, 1],
      ],
      [1, 2, 2],
    ],
    [
      'zero',
      [
        [0.5, 1],
        [1, 1],
        [1, 1],
      ],
      [1.5, 2, 2],
    ], // 0.5 is the end of [0.5, 1] nearest to 0
    [
      'skip',
      [
        [null, null],
        [1, 1],
        [1, 1],
      ],
      [null, 2, 2],
    ],
    [
      'fail-group',
      [
        [null, null],
        [null, null],
        [1, 1],
      ],
      [null, null, 2],
    ],
  ])('policy %s', async (onError, values, totals) => {
    const samples = [...SAMPLES, { ...sampleOf('c', undefined, '3'), group: 'other' }];
    for (const reward of [throws, rejects]) {
      const report = await runRewards(samples, [reward, constant('one', 1)], { onError });
      expect(report).toMatchObject({ values, totals });
      expect(report.issues).toMatchObject([
        { reward: 'bad', samples: ['1'], kind: 'error', message: 'reward "bad" on sample "1" threw: no network' },
      ]);
      expect(report.metrics['bad']).toMatchObject({ errors: 1, timeouts: 0 });
    }
  });

  test('policies can differ by reward', async () => {
    const rewards = [throws, constant('worse', NaN)];
    const report = await runRewards(SAMPLES, rewards, { onError: { bad: 'null', worse: 'zero' } });
    expect(report.values).toEqual([
      [null, 0],
      [1, 0],
    ]);
    await expect(runRewards(SAMPLES, rewards, { onError: { bad: 'null' } })).rejects.toThrow('reward "worse"');
    await expect(runRewards(SAMPLES, rewards, { onError: { x: 'null' } })).rejects.toThrow(
      'an error policy is given for "x"',
    );
  });
});

describe('limits', () => {
  test('a call that hangs is given up, and its signal aborts', async () => {
    const reasons: unknown[] = [];
    const hangs: Reward = {
      name: 'hangs',
      range: [0, 1],
      score(sample, context) {
        if (sample.id === '2') return 1;
        context?.signal.addEventListener('abort', () => reasons.push(context.signal.reason));
        return new Promise(() => undefined);
      },
    };
    const report = await runRewards(SAMPLES, [hangs], { timeout: 20, onError: 'null' });
    expect(report.totals).toEqual([null, 1]);
    expect(report.issues).toMatchObject([
      { kind: 'timeout', message: 'reward "hangs" on sample "1" gave no answer within 20 ms' },
    ]);
    expect(report.metrics['hangs']).toMatchObject({ timeouts: 1, errors: 0, nulls: 1 });
    expect(reasons).toMatchObject([{ message: 'no answer within 20 ms' }]);
  });

  test('a failed call is tried again, with growing pauses', async () => {
    const starts: number[] = [];
    const flaky = (failures: number, asynchronous: boolean): Reward => ({
      name: 'flaky',
      range: [0, 1],
      score() {
        starts.push(performance.now());
        if (starts.length > failures) return 1;
        if (asynchronous) return Promise.reject(new Error('busy'));
        throw new Error('busy');
      },
    });
    for (const asynchronous of [false, true]) {
      starts.length = 0;
      const report = await runRewards([SAMPLES[0]!], [flaky(2, asynchronous)], { retries: 2, backoff: 20 });
      expect(report.totals).toEqual([1]);
      expect(report.metrics['flaky']).toMatchObject({ retries: 2, errors: 0 });
      expect(starts[1]! - starts[0]!).toBeGreaterThan(18);
      expect(starts[2]! - starts[1]!).toBeGreaterThan(38);
      starts.length = 0;
      await expect(runRewards([SAMPLES[0]!], [flaky(3, asynchronous)], { retries: 2, backoff: 1 })).rejects.toThrow(
        'busy',
      );
      expect(starts).toHaveLength(3);
    }
  });

  test('no more calls are under way than allowed', async () => {
    let now = 0;
    let most = 0;
    const slow: Reward = {
      name: 'slow',
      range: [0, 1],
      async score() {
        now += 1;
        most = Math.max(most, now);
        await wait(2);
        now -= 1;
        return 1;
      },
    };
    const samples = Array.from({ length: 30 }, (_, i) => sampleOf('a', undefined, String(i)));
    await runRewards(samples, [slow], { concurrency: 4 });
    expect(most).toBe(4);
  });

  test('calls are spaced out', async () => {
    const starts: number[] = [];
    const timed: Reward = { name: 'timed', range: [0, 1], score: () => (starts.push(performance.now()), 1) };
    const samples = Array.from({ length: 5 }, (_, i) => sampleOf('a', undefined, String(i)));
    const begun = performance.now();
    await runRewards(samples, [timed], { perSecond: 50 });
    expect(starts).toHaveLength(5);
    starts.forEach((start, i) => expect(start - begun).toBeGreaterThan(i * 20 - 5)); // none before its turn
  });

  test('an aborted run rejects at once and begins nothing more', async () => {
    let calls = 0;
    const controller = new AbortController();
    const slow: Reward = {
      name: 'slow',
      range: [0, 1],
      score: () => {
        calls += 1;
        if (calls === 3) controller.abort(new Error('enough'));
        return wait(5).then(() => 1);
      },
    };
    const samples = Array.from({ length: 30 }, (_, i) => sampleOf('a', undefined, String(i)));
    const options = { concurrency: 2, signal: controller.signal };
    await expect(runRewards(samples, [slow], options)).rejects.toThrow('enough');
    await wait(30);
    expect(calls).toBe(3);
    await expect(runRewards(samples, [slow], options)).rejects.toThrow('enough');
    expect(calls).toBe(3);
  });

  test('synchronous calls stop too when one of them aborts the run', async () => {
    let calls = 0;
    const controller = new AbortController();
    const quick: Reward = {
      name: 'quick',
      range: [0, 1],
      score: () => {
        calls += 1;
        if (calls === 3) controller.abort(new Error('enough'));
        return 1;
      },
    };
    const samples = Array.from({ length: 30 }, (_, i) => sampleOf('a', undefined, String(i)));
    await expect(runRewards(samples, [quick], { signal: controller.signal })).rejects.toThrow('enough');
    expect(calls).toBe(3);
  });

  test('after the run has failed nothing more is begun', async () => {
    let calls = 0;
    const fails: Reward = {
      name: 'fails',
      range: [0, 1],
      score: () => {
        calls += 1;
        return wait(2).then(() => Promise.reject(new Error('no')));
      },
    };
    const samples = Array.from({ length: 30 }, (_, i) => sampleOf('a', undefined, String(i)));
    await expect(runRewards(samples, [fails], { concurrency: 3 })).rejects.toThrow('no');
    await wait(20);
    expect(calls).toBe(3);
  });

  test.each([{ concurrency: 0 }, { timeout: 0 }, { retries: -1 }, { perSecond: 0 }, { backoff: NaN }])(
    '%j is refused',
    async (options) => {
      await expect(runRewards(SAMPLES, [], options)).rejects.toThrow(/^runRewards: \w+ must be at least/);
    },
  );
});

test('progress is told after each call', async () => {
  const told: string[] = [];
  await runRewards(SAMPLES, [constant('a', 1)], { onProgress: ({ done, total }) => told.push(`${done}/${total}`) });
  expect(told).toEqual(['1/2', '2/2']);
});

test('metrics say how each reward did', async () => {
  const byId: Reward = { name: 'byId', range: [0, 9], score: ({ id }) => (id === '3' ? null : Number(id)) };
  const { metrics } = await runRewards([...SAMPLES, sampleOf('c', undefined, '3')], [byId]);
  expect(metrics['byId']).toMatchObject({
    mean: 1.5,
    std: 0.5,
    nulls: 1,
    errors: 0,
    timeouts: 0,
    retries: 0,
    cached: 0,
  });
  expect(metrics['byId']?.latency).toBeGreaterThan(0);
});

test('the cache spares calls, keeps null, and does not keep failures', async () => {
  let calls = 0;
  const cache = memoryCache(10);
  const reward: Reward = {
    name: 'r',
    range: [0, 1],
    score: ({ completion }) => {
      calls += 1;
      if (completion === 'bad') throw new Error('no');
      return completion === 'null' ? null : 1;
    },
  };
  const samples = ['good', 'null', 'bad'].map((text, i) => sampleOf(text, undefined, String(i)));
  for (const run of [1, 2]) {
    const report = await runRewards(samples, [reward], { cache, onError: 'zero' });
    expect(report.totals).toEqual([1, null, 0]);
    expect(report.metrics['r']?.cached).toBe(run === 1 ? 0 : 2);
  }
  expect(calls).toBe(4);
  await runRewards(samples, [reward], { cache, onError: 'zero', cacheKey: () => undefined });
  expect(calls).toBe(7);
});

test('what cannot be written as JSON needs a cacheKey', async () => {
  const sample = { ...sampleOf('a'), metadata: { n: 1n } };
  const cache = memoryCache(10);
  await expect(runRewards([sample], [constant('a', 1)], { cache })).rejects.toThrow(
    /^runRewards: sample "s" cannot be written as JSON for the cache, give a cacheKey: .*BigInt/,
  );
  expect((await runRewards([sample], [constant('a', 1)], { cache, cacheKey: () => 'x' })).totals).toEqual([1]);
});

test('ids, names and weights must fit', async () => {
  const reward = constant('a', 1);
  await expect(runRewards([...SAMPLES, SAMPLES[0]!], [reward])).rejects.toThrow('the sample id "1" is there twice');
  await expect(runRewards(SAMPLES, [reward, reward])).rejects.toThrow('the reward name "a" is there twice');
  await expect(runRewards(SAMPLES, [reward], { weights: { b: 1 } })).rejects.toThrow(
    'a weight is given for "b", the rewards are a',
  );
  await expect(runRewards(SAMPLES, [reward], { weights: { a: NaN } })).rejects.toThrow(
    'the weight of "a" must be finite',
  );
});
