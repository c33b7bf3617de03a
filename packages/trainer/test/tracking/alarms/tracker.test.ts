import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { alarmTracker, readAlarms } from '../../../src/tracking/alarms/tracker.js';
import type { RunEvent, Tracker } from '../../../src/tracking/events.js';
import { jsonlTracker } from '../../../src/tracking/jsonl.js';
import { temporaryFolder } from '../../helpers/temporary.js';

/** A format reward that is stuck until step 45; loss is NaN at step 3. */
const metrics = (step: number) => ({ 'rewards/format/mean': step < 45 ? 0.5 : 1, loss: step === 3 ? NaN : 0 });

async function log(run: string, from: number, to: number): Promise<RunEvent[]> {
  const told: RunEvent[] = [];
  const listener: Tracker = (event) => void told.push(event);
  const trackers = [jsonlTracker(run), alarmTracker(run, [listener])];
  for (const track of trackers) await track({ type: 'start', step: from, steps: to });
  for (let step = from + 1; step <= to; step++) {
    for (const track of trackers) await track({ type: 'step', step, steps: to, metrics: metrics(step), rollouts: [] });
  }
  return told;
}

test('writes each change as a line and tells the listeners', async () => {
  const run = temporaryFolder();
  const told = await log(run, 0, 70);
  const changes = readAlarms(run).map(({ step, alarm, state }) => [step, alarm, state]);
  expect(changes).toEqual([
    [3, 'not-a-number', 'raised'],
    [13, 'not-a-number', 'over'],
    [40, 'format-reward-flat', 'raised'],
    [54, 'format-reward-flat', 'over'], // from 45 on the mean of 20 steps has risen by 0.025 or more: ten calm steps
  ]);
  expect(told).toEqual(readAlarms(run).map((change) => ({ type: 'alarm', ...change })));
});

test('a run that goes on has the alarms of one that never stopped, and tells none twice', async () => {
  const [whole, parts] = [temporaryFolder(), temporaryFolder()];
  await log(whole, 0, 70);
  await log(parts, 0, 44);
  const told = await log(parts, 20, 70);
  expect(readFileSync(join(parts, 'alarms.jsonl'))).toEqual(readFileSync(join(whole, 'alarms.jsonl')));
  expect(told).toEqual(
    readAlarms(whole)
      .slice(2)
      .map((change) => ({ type: 'alarm', ...change })),
  );
});

test('an error about a number that is none raises the alarm, another error none', async () => {
  const run = temporaryFolder();
  const track = alarmTracker(run, []);
  await track({ type: 'start', step: 6, steps: 9 });
  await track({ type: 'failed', message: 'disk full' });
  expect(readAlarms(run)).toEqual([]);
  await track({
    type: 'failed',
    message: 'optimizerStep: the gradient norm is NaN; the weights are left as they were',
  });
  expect(readAlarms(run)).toMatchObject([
    { step: 7, alarm: 'not-a-number', message: expect.stringContaining('gradient norm is NaN') },
  ]);
});

test('a line cut short by a kill is no harm', async () => {
  const run = temporaryFolder();
  await log(run, 0, 5);
  writeFileSync(join(run, 'alarms.jsonl'), `${readFileSync(join(run, 'alarms.jsonl'), 'utf8')}{"step":4,"al`);
  expect(readAlarms(run)).toHaveLength(1);
  await log(run, 5, 13);
  expect(readAlarms(run).map(({ state }) => state)).toEqual(['raised', 'over']);
});
