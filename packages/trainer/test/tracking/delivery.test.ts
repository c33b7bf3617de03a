import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { delivery, type SentRow } from '../../src/tracking/delivery.js';
import { temporaryFolder } from '../helpers/temporary.js';

/** A place that rows are sent to, which can be out of reach. */
function place() {
  const file = join(temporaryFolder(), 'rows.jsonl');
  const arrived: number[] = [];
  const state = { up: true, loseAnswers: false, asked: 0, now: 0 };
  const troubles: string[] = [];
  const reach = () => (state.up ? Promise.resolve() : Promise.reject(new Error('unreachable')));
  const destination = {
    file,
    held: async () => {
      state.asked++;
      await reach();
      return Math.max(0, ...arrived);
    },
    send: async (rows: readonly SentRow[]) => {
      await reach();
      arrived.push(...rows.map(({ step }) => step));
      if (state.loseAnswers) throw new Error('no answer');
    },
  };
  const log = (...steps: number[]) =>
    appendFileSync(file, steps.map((step) => `{"step":${step},"reward":1}\n`).join(''));
  const onTrouble = ({ message }: Error) => void troubles.push(message);
  return { file, arrived, state, troubles, log, ...delivery(destination, { onTrouble, clock: () => state.now }) };
}

describe('delivery', () => {
  test('sends rows as they come, at most every five seconds', async () => {
    const { arrived, state, log, nudge } = place();
    log(1);
    await nudge();
    expect(arrived).toEqual([1]);
    log(2);
    state.now = 4.9;
    await nudge();
    expect(arrived).toEqual([1]);
    log(3);
    state.now = 5;
    await nudge();
    expect(arrived).toEqual([1, 2, 3]);
    expect(state.asked).toBe(1);
  });

  test('while nothing answers it says so once, tries ever more rarely, and loses nothing', async () => {
    const { arrived, state, troubles, log, nudge } = place();
    state.up = false;
    const tries: number[] = [];
    for (; state.now < 200; state.now++) {
      const asked = state.asked;
      log(state.now + 1);
      await nudge();
      if (state.asked > asked) tries.push(state.now);
    }
    expect(tries).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]); // pauses of 1, 2, 4 ... 32, then 60 seconds
    expect(troubles).toEqual(['unreachable']);
    state.up = true;
    state.now = 243;
    await nudge();
    expect(arrived).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  test('what arrived although its answer was lost is not sent twice', async () => {
    const { arrived, state, log, nudge } = place();
    log(1, 2);
    state.loseAnswers = true;
    await nudge();
    state.loseAnswers = false;
    log(3);
    state.now = 10;
    await nudge();
    expect(arrived).toEqual([1, 2, 3]);
  });

  test('steps that the other side has already are passed over, and a line cut short waits until it is whole', async () => {
    const { file, arrived, log, finish } = place();
    arrived.push(1, 2);
    log(1, 2, 3);
    appendFileSync(file, '{"step":4,"rew');
    expect(await finish(1)).toBe(true);
    expect(arrived).toEqual([1, 2, 3]);
    appendFileSync(file, 'ard":0}\n');
    expect(await finish(1)).toBe(true);
    expect(arrived).toEqual([1, 2, 3, 4]);
  });

  test('an answer that takes long holds a step up for a moment only, and is awaited at the end', async () => {
    const file = join(temporaryFolder(), 'rows.jsonl');
    writeFileSync(file, '{"step":1}\n');
    const arrived: number[] = [];
    let answer = () => {};
    const send = (rows: readonly SentRow[]) =>
      new Promise<void>((resolve) => {
        answer = () => {
          arrived.push(...rows.map(({ step }) => step));
          resolve();
        };
      });
    const slow = delivery({ file, held: () => Promise.resolve(0), send }, { onTrouble: () => {}, patience: 0.02 });
    const began = performance.now();
    await slow.nudge();
    expect(performance.now() - began).toBeLessThan(10_000); // it does come back, although no answer does
    expect(arrived).toEqual([]);
    const finished = slow.finish(30);
    answer();
    expect(await finished).toBe(true);
    expect(arrived).toEqual([1]);
  });

  test('the end gives up after its limit, and says so', async () => {
    const { state, log, nudge, arrived } = place();
    const real = place();
    real.state.up = false;
    real.log(1);
    const clock = setInterval(() => (real.state.now += 0.5), 10);
    expect(await real.finish(3)).toBe(false);
    clearInterval(clock);
    expect(real.arrived).toEqual([]);
    // a place without any file has nothing to send
    await nudge();
    expect([arrived, state.asked]).toEqual([[], 1]);
    log();
  });
});
