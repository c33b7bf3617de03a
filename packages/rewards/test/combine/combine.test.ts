import { describe, expect, test } from '@jest/globals';
import {
  clip,
  explain,
  gate,
  onlyIf,
  ordinalLevelReward,
  regionReward,
  rescale,
  runRewards,
  type AnyReward,
  type BatchReward,
  type Reward,
  type Sample,
} from '../../src/index.js';
import { BLUR_LABEL, sampleOf } from '../samples.js';

const valueOf = (sample: Sample): number | null => (sample.completion === 'null' ? null : Number(sample.completion));
const single: Reward = { name: 'r', range: [-2, 2], score: valueOf, explain: () => 'because' };
const later: Reward = { ...single, score: (sample) => Promise.resolve(valueOf(sample)) };
const batch: BatchReward = {
  name: 'r',
  range: [-2, 2],
  scoreBatch: (samples) => new Map(samples.map((sample) => [sample.id, valueOf(sample)])),
  explainBatch: (samples) => new Map(samples.map((sample) => [sample.id, 'because'])),
};
const stream: BatchReward = {
  name: 'r',
  range: [-2, 2],
  async *scoreBatch(samples) {
    for (const sample of samples) yield [sample.id, await Promise.resolve(valueOf(sample))];
  },
};
const KINDS: [string, AnyReward][] = [['single', single], ['later', later], ['batch', batch], ['stream', stream]]; // prettier-ignore

const run = async (reward: AnyReward, texts: string[]): Promise<(number | null)[]> => {
  const samples = texts.map((text, i) => sampleOf(text, undefined, String(i)));
  return (await runRewards(samples, [reward])).totals;
};

describe.each(KINDS)('%s', (_, reward) => {
  test('clip holds values in a range, which is then its own', async () => {
    const clipped = clip(reward, [-1, 0.5]);
    expect(clipped.range).toEqual([-1, 0.5]);
    expect(await run(clipped, ['-2', '0', '2', 'null'])).toEqual([-1, 0, 0.5, null]);
  });

  test('rescale stretches the range', async () => {
    expect(await run(rescale(reward, [0, 1]), ['-2', '-1', '2', 'null'])).toEqual([0, 0.25, 1, null]);
    const turned = rescale(reward, [1, 0]);
    expect(turned.range).toEqual([0, 1]);
    expect(await run(turned, ['-2', '-1'])).toEqual([1, 0.75]);
  });

  test('onlyIf leaves the other samples out', async () => {
    expect(await run(onlyIf(reward, (sample) => sample.id !== '1'), ['1', '1', 'null'])).toEqual([1, null, null]); // prettier-ignore
  });

  test('gate closes unless every condition is met; null conditions let through', async () => {
    const isOne: Reward = { name: 'isOne', range: [0, 1], score: (sample) => (sample.completion === '1' ? 1 : 0) };
    const asked: Reward = { name: 'asked', range: [0, 1], score: () => Promise.resolve(null) };
    expect(await run(gate(reward, [isOne]), ['1', '2', '-1', 'null'])).toEqual([1, 0, 0, null]);
    expect(await run(gate(reward, [isOne, asked], { closed: null }), ['1', '2'])).toEqual([1, null]);
    expect(await run(gate(reward, [isOne], { least: 0 }), ['2'])).toEqual([2]);
  });
});

test('reasons say what was done', async () => {
  const condition: Reward = { name: 'format', range: [0, 1], score: () => 1 };
  const sample = sampleOf('1');
  for (const reward of [single, batch]) {
    const changed = [
      clip(reward, [0, 1]),
      rescale(reward, [0, 1]),
      onlyIf(reward, () => false),
      gate(reward, [condition]),
    ];
    expect((await explain(sample, changed)).map((entry) => entry.reason)).toEqual([
      'because; clipped to [0, 1]',
      'because; on the scale 0 to 1',
      'not applicable to this sample',
      'because; only if format reach 1',
    ]);
  }
});

test('synchronous rewards stay synchronous', () => {
  expect(gate(clip(single, [0, 1]), [single]).score(sampleOf('1'))).toBe(1);
  expect(clip(batch, [0, 1]).scoreBatch([sampleOf('2')])).toEqual(new Map([['s', 1]]));
});

test('gate: the range holds the 0 of a closed gate', async () => {
  const high: Reward = { name: 'high', range: [1, 2], score: () => 2 };
  expect(gate(high, []).range).toEqual([0, 2]);
  expect(gate(high, [], { closed: null }).range).toEqual([1, 2]);
  expect(await run(gate(high, [single]), ['0'])).toEqual([0]);
});

test('GS-IQA: the level counts only in the right place and of the right class', () => {
  const reward = gate(ordinalLevelReward(), [regionReward()]);
  const say = (box: string, name: string): unknown =>
    reward.score({
      ...sampleOf(
        `<answer>{"bbox_2d": ${box}, "distortion_class": "${name}", "severity": "slight"}</answer>`,
        BLUR_LABEL,
      ),
      metadata: { region: [0, 0, 10, 10] },
    });
  expect([say('[0, 0, 9, 9]', 'blur'), say('[8, 8, 9, 9]', 'blur'), say('[0, 0, 9, 9]', 'noise')]).toEqual([
    0.75, 0, 0,
  ]);
});

test('senseless ranges are refused', () => {
  expect(() => clip(single, [1, 0])).toThrow('clip: range must rise, got [1, 0]');
  expect(() => rescale({ ...single, range: [-Infinity, 0] }, [0, 1])).toThrow(
    'rescale: reward "r" has the range [-Infinity, 0]',
  );
});

test('a batch reward that leaves a sample out is still found out', async () => {
  const lame: BatchReward = { ...batch, scoreBatch: () => new Map() };
  await expect(run(clip(lame, [0, 1]), ['1'])).rejects.toThrow('gave no value for sample "0"');
});

test('a changed reward has a version when both reward and change can be written down', () => {
  const known: Reward = { ...single, version: '1' };
  const versions = [
    known,
    clip(known, [0, 1]),
    clip(known, [0, 2]),
    clip({ ...known, version: '2' }, [0, 1]),
    rescale(known, [0, 1]),
    rescale({ ...known, range: [0, 1] }, [0, 1]),
    gate(known, [known]),
    gate(known, [known], { least: 2 }),
    gate(known, [known], { closed: null }),
    gate(known, [{ ...known, name: 's' }]),
    gate(known, []),
  ].map((reward) => reward.version);
  expect(versions).not.toContain(undefined);
  expect(new Set(versions).size).toBe(versions.length);
  expect(clip(single, [0, 1]).version).toBeUndefined();
  expect(gate(known, [single]).version).toBeUndefined();
  expect(onlyIf(known, () => true).version).toBeUndefined();
});
