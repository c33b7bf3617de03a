import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import seedrandom from 'seedrandom';
import { ALARMS, helpFor, THRESHOLDS } from '../../../src/tracking/alarms/alarms.js';
import type { Row } from '../../../src/tracking/alarms/history.js';
import { alarmWatch, CALM_STEPS, type AlarmChange } from '../../../src/tracking/alarms/spells.js';

/** Figures of a healthy run, with the noise of small batches: rewards rise, KL stays small, entropy falls slowly. */
function healthy(step: number): Row {
  const random = seedrandom(String(step));
  const noise = (size: number) => size * (random() - 0.5);
  return {
    'rewards/format/mean': Math.min(1, 0.6 + 0.02 * step + noise(0.04)),
    frac_reward_zero_std: 0.2 + noise(0.2),
    kl: 0.002 * step ** 0.8,
    'completions/mean_length': 120 + noise(30),
    'completions/clipped_ratio': 0.05,
    'completions/count': 64,
    unscorable: 0,
    'sampling/entropy': 0.5 * Math.exp(-step / 100) + 0.2 + noise(0.05),
    grad_norm: 0.4,
  };
}

/** What a run of some steps raises, with some figures other than healthy. */
function watch(steps: number, figures: (step: number) => Row): AlarmChange[] {
  const see = alarmWatch();
  return Array.from({ length: steps }, (_, i) => see({ ...healthy(i + 1), ...figures(i + 1), step: i + 1 })).flat();
}

const raised = (changes: AlarmChange[]) =>
  changes.filter(({ state }) => state === 'raised').map(({ step, alarm }) => [step, alarm]);

test('a healthy run raises nothing', () => {
  expect(watch(300, () => ({}))).toEqual([]);
});

/** Noise of a share measured on 32 answers: the deviation is 0.09 at one half. */
const share = (p: number, step: number, answers = 32) => {
  const random = seedrandom(`share ${step}`);
  return Array.from({ length: answers }, () => (random() < p ? 1 : 0)).reduce<number>((a, b) => a + b, 0) / answers;
};

describe('raised when they must be', () => {
  test.each<[string, string, number, (step: number) => Row, RegExp]>([
    ['format never found', 'format-reward-flat', 40, () => ({ 'rewards/format/mean': 0 }), /stays at 0\.00 \(0\.00 in/],
    ['format stuck at one half', 'format-reward-flat', 40, () => ({ 'rewards/format/mean': 0.5 }), /stays at 0\.50/],
    [
      'format falls',
      'format-reward-flat',
      40,
      (step) => ({ 'rewards/format/mean': 0.89 - step / 100 }),
      /stays at 0\.\d\d \(0\.\d\d in the 20 steps before\)/,
    ],
    [
      'groups without variance',
      'zero-variance-high',
      10,
      () => ({ frac_reward_zero_std: 0.9 }),
      /^in 90 % of the groups/,
    ],
    [
      'KL explodes',
      'kl-rising',
      20,
      (step) => ({ kl: 0.01 * 1.3 ** step }),
      /KL to the starting model is \d\.\d\d nats/,
    ],
    ['KL is far and stays there', 'kl-rising', 20, () => ({ kl: 1.5 }), /is 1\.50 nats per token \(1\.50 in/],
    [
      'answers shrink',
      'length-collapse',
      56, // seven of ten at 20 tokens
      (step) => ({ 'completions/mean_length': step < 50 ? 120 : 20 }),
      /have \d\d tokens on average, after 120 some 50 steps ago/,
    ],
    [
      'entropy falls to a fiftieth',
      'entropy-collapse',
      31,
      (step) => ({ 'sampling/entropy': step < 22 ? 1 : 0.02 }),
      /the entropy is 0\.\d+ nats per token \(1\.0 at the start\)/,
    ],
    [
      'short answers all equal',
      'entropy-collapse',
      10,
      () => ({ 'sampling/entropy': 0.1, 'completions/mean_length': 5 }),
      /a whole answer has 0\.50 nats, about 1\.6 different answers/,
    ],
    [
      "entropy of the loss rather than the sampler's",
      'entropy-collapse',
      31,
      (step) => ({ entropy: step < 22 ? 1 : 0.02 }),
      /0\.0/,
    ],
    [
      'labels that no reward knows',
      'rewards-missing',
      5,
      () => ({ unscorable: 16 }),
      /^25 % of the answers got no reward/,
    ],
    ['NaN', 'not-a-number', 1, () => ({ grad_norm: NaN, kl: 0.1 }), /^not a finite number: grad_norm$/],
    ['infinity as JSON keeps it', 'not-a-number', 1, () => ({ loss: null }), /^not a finite number: loss$/],
  ])('%s', (_, name, at, figures, message) => {
    const changes = watch(60, figures).filter(({ alarm }) => alarm === name);
    expect(raised(changes)[0]).toEqual([expect.any(Number), name]);
    expect(changes[0]!.step).toBe(at);
    expect(changes[0]!.message).toMatch(message);
  });

  test('format at one half under the noise of small batches, within 60 steps, whatever the seed', () => {
    const firsts = Array.from({ length: 50 }, (_, seed) => {
      return watch(60, (step) => ({ 'rewards/format/mean': share(0.5, step + 1000 * seed) }))[0]?.alarm;
    });
    expect(new Set(firsts)).toEqual(new Set(['format-reward-flat']));
  });
});

describe('not raised when they must not be', () => {
  test.each<[string, (step: number) => Row]>([
    ['a high format reward that cannot rise', () => ({ 'rewards/format/mean': 0.93 })],
    ['a format reward that rises by 0.002 a step', (step) => ({ 'rewards/format/mean': 0.3 + 0.002 * step })],
    ['a run without a format reward', () => ({ 'rewards/format/mean': null, 'rewards/score/mean': 0.5 })],
    ['half of the groups without variance', () => ({ frac_reward_zero_std: 0.5 })],
    ['a single step without any variance', (step) => ({ frac_reward_zero_std: step === 30 ? 1 : 0.2 })],
    ['KL that starts at 0 and grows to 0.15', (step) => ({ kl: 0.15 * (1 - Math.exp(-step / 20)) })],
    ['KL that is at 0.6 and stays', () => ({ kl: 0.6 })],
    ['answers that get a third shorter', (step) => ({ 'completions/mean_length': 120 - 0.4 * step })],
    [
      'answers that learn to end before the limit',
      (step) => ({ 'completions/mean_length': step < 60 ? 250 : 80, 'completions/clipped_ratio': step < 60 ? 0.9 : 0 }),
    ],
    ['entropy that halves', (step) => ({ 'sampling/entropy': 0.4 * 2 ** (-step / 100) })],
    ['low entropy on long answers', () => ({ 'sampling/entropy': 0.02 })],
    ['one answer in 64 without a reward', () => ({ unscorable: 1 })],
  ])('%s', (_, figures) => {
    const changes = watch(100, figures).filter(({ alarm }) => alarm !== 'not-a-number'); // null stands for "no such figure" here
    expect(changes).toEqual([]);
  });
});

describe('a spell', () => {
  const bad = (steps: ReadonlySet<number>) => (step: number) => ({ loss: steps.has(step) ? NaN : 0 });

  test('is told once, and again when it is over; one that flickers is one spell', () => {
    const changes = watch(60, bad(new Set([5, 6, 9, 40])));
    expect(changes.map(({ step, state }) => [step, state])).toEqual([
      [5, 'raised'],
      [9 + CALM_STEPS, 'over'],
      [40, 'raised'],
      [40 + CALM_STEPS, 'over'],
    ]);
  });

  test('says what to do and where to read on', () => {
    expect(watch(1, bad(new Set([1])))[0]).toEqual({
      step: 1,
      alarm: 'not-a-number',
      state: 'raised',
      message: 'not a finite number: loss',
      advice: ALARMS.at(-1)!.advice,
      help: 'docs/troubleshooting.md#not-a-number',
    });
  });
});

describe('docs/troubleshooting.md', () => {
  const page = readFileSync(new URL('../../../../../docs/troubleshooting.md', import.meta.url), 'utf8');
  const anchors = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!.toLowerCase().replaceAll(' ', '-'));

  test.each(ALARMS.map(({ name }) => name))('explains %s', (name) => {
    expect(anchors).toContain(helpFor(name).split('#')[1]);
  });

  test('gives the reason of every threshold, with its value', () => {
    const values = [...page.matchAll(/^\| `(\w+)` +\| ([\d.]+|ln 2) +\| \S.*\|$/gm)].map(([, name, value]) => {
      return [name!, value === 'ln 2' ? Math.LN2 : Number(value)];
    });
    expect(Object.fromEntries(values)).toEqual(THRESHOLDS);
  });
});
