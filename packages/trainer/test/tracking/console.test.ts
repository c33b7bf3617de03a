import { describe, expect, test } from '@jest/globals';
import { consoleTracker, rewardsInWords } from '../../src/tracking/console.js';
import { duration } from '../../src/tracking/duration.js';

/** A stream that is no terminal and keeps what is written. */
function plainStream() {
  const lines: string[] = [];
  const write = (text: string) => lines.push(text.trimEnd()) > 0;
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
      await track({ type: 'step', step, steps: 4, metrics, rollouts: [] });
    }
    await track({ type: 'end', step: 4, steps: 4, outcome: 'finished' });
    expect(lines).toEqual([
      'step 1/4 · reward 1.23 (format 0.90, score 0.25) · 812 tokens/s · 9 s left',
      'step 3/4 · reward 1.23 (format 0.90, score 0.25) · 812 tokens/s · 3 s left',
      'step 4/4 · reward 1.23 (format 0.90, score 0.25) · 812 tokens/s · done',
    ]);
  });

  test('time left never exceeds what the time limit leaves, and reaching it is said', async () => {
    const { lines, stream } = plainStream();
    let now = 0;
    const track = consoleTracker({ stream, timeLimit: 10, clock: () => now });
    now = 4;
    await track({ type: 'step', step: 1, steps: 1000, metrics, rollouts: [] });
    await track({ type: 'end', step: 1, steps: 1000, outcome: 'time-limit' });
    expect(lines[0]).toMatch(/ 6 s left$/);
    expect(lines[1]).toBe('time limit reached after step 1 of 1000');
  });
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
