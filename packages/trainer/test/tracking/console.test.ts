import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { consoleTracker, memoryInWords, rewardsInWords } from '../../src/tracking/console.js';
import { duration } from '../../src/tracking/duration.js';

/** A stream that is no terminal and keeps what is written. */
function plainStream() {
  const lines: string[] = [];
  const write = (text: string) => lines.push(stripVTControlCharacters(text).trimEnd()) > 0;
  return { lines, stream: { isTTY: false, write } as unknown as NodeJS.WriteStream };
}

const metrics = {
  reward: 1.234,
  'rewards/format/mean': 0.9,
  'rewards/score/mean': 0.25,
  tokens_per_second: 812.4,
  step_time: 3,
};

describe('consoleTracker', () => {
  test('without a terminal: a line every few seconds, the first and the last step always', async () => {
    const { lines, stream } = plainStream();
    let now = 0;
    const track = consoleTracker({ stream, every: 5, clock: () => now });
    await track({ type: 'start', step: 0, steps: 4 });
    for (const step of [1, 2, 3, 4]) {
      now += 3;
      await track({ type: 'step', step, steps: 4, metrics: { ...metrics, 'memory/rss_bytes': 1e9 }, rollouts: [] });
    }
    await track({ type: 'end', step: 4, steps: 4, outcome: 'finished' });
    expect(lines).toEqual([
      'step 1/4 · 9 s left · reward 1.23 (format 0.90, score 0.25) · 812 tokens/s · 1.00 GB',
      'step 3/4 · 3 s left · reward 1.23 (format 0.90, score 0.25) · 812 tokens/s · 1.00 GB',
      'step 4/4 · done · reward 1.23 (format 0.90, score 0.25) · 812 tokens/s · 1.00 GB',
    ]);
  });

  test('time left never exceeds what the time limit leaves, and reaching it is said', async () => {
    const { lines, stream } = plainStream();
    let now = 0;
    const track = consoleTracker({ stream, timeLimit: 10, clock: () => now });
    now = 100; // loading the model takes its time, which is not the run's
    await track({ type: 'start', step: 0, steps: 1000 });
    now = 104;
    await track({ type: 'step', step: 1, steps: 1000, metrics, rollouts: [] });
    await track({ type: 'end', step: 1, steps: 1000, outcome: 'time-limit' });
    expect(lines[0]).toMatch(/· 6 s left ·/);
    expect(lines[1]).toBe('time limit reached after step 1 of 1000');
  });
});

/** A terminal that keeps everything that is written or done to its current line. */
function terminal() {
  const written: string[] = [];
  const stream = {
    isTTY: true,
    columns: 200,
    write: (text: string) => written.push(text) > 0,
    clearLine: () => written.push('<clear line>') > 0,
    cursorTo: () => true,
    moveCursor: () => true,
    on: () => stream,
  };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

describe('what must be read', () => {
  const alarm = {
    type: 'alarm',
    step: 41,
    alarm: 'format-reward-flat',
    message: 'the format reward stays at 0.50',
    advice: 'read some answers',
    help: 'docs/troubleshooting.md#format-reward-flat',
  } as const;

  test('an alarm is said with advice and link when it is raised, not when it is over', async () => {
    const { lines, stream } = plainStream();
    const track = consoleTracker({ stream });
    await track({ ...alarm, state: 'raised' });
    await track({ ...alarm, state: 'over' });
    await track({ type: 'warning', text: 'mlflow: no answer' });
    expect(lines).toEqual([
      'step 41: the format reward stays at 0.50\n  → read some answers (docs/troubleshooting.md#format-reward-flat)',
      'mlflow: no answer',
    ]);
  });

  test('a terminal shows it on a line of its own, above the bar', async () => {
    const { written, stream } = terminal();
    const track = consoleTracker({ stream });
    await track({ type: 'start', step: 0, steps: 4 });
    written.length = 0;
    await track({ ...alarm, state: 'raised' });
    await track({ type: 'end', step: 4, steps: 4, outcome: 'finished' });
    expect(written[0]).toBe('<clear line>');
    expect(written[1]).toContain('step 41: the format reward stays at 0.50');
  });
});

test('memory: of the process, and of the tensors when they are counted', () => {
  expect(memoryInWords({ 'memory/rss_bytes': 2.314e9 })).toBe('2.31 GB');
  const tensors = { 'memory/tensors': 412, 'memory/tensor_bytes': 8.46e8 };
  expect(memoryInWords({ 'memory/rss_bytes': 2.314e9, ...tensors })).toBe('2.31 GB (0.85 GB in 412 tensors)');
  expect(memoryInWords({})).toBe('');
});

test('rewardsInWords names every reward function there is', () => {
  expect(rewardsInWords(metrics)).toBe('reward 1.23 (format 0.90, score 0.25)');
});

test('duration speaks in the unit a person would use', () => {
  expect([0, 59.4, 60, 185, 3600, 7860, -3].map(duration)).toEqual([
    '0 s',
    '59 s',
    '1 min 00 s',
    '3 min 05 s',
    '1 h 00 min',
    '2 h 11 min',
    '0 s',
  ]);
});
