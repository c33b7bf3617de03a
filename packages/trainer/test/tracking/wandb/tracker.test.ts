import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { writeRunSettings } from '../../../src/config/run-folder.js';
import type { RunEvent, StepMetrics, Tracker } from '../../../src/tracking/events.js';
import { jsonlTracker } from '../../../src/tracking/jsonl.js';
import { createLog } from '../../../src/tracking/wandb/log.js';
import { headerRecord, historyRecord, runRecord } from '../../../src/tracking/wandb/records.js';
import { wandbTracker } from '../../../src/tracking/wandb/tracker.js';
import { fakeSettings } from '../../fake-run.js';
import { readWandbRecords, readWandbRun } from '../../helpers/wandb-file.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const now = () => new Date(2026, 10, 24, 19, 39, 46);

function open(run: string): Tracker[] {
  writeRunSettings(run, fakeSettings());
  return [jsonlTracker(run), wandbTracker(run, { project: 'iqa', now })];
}

async function tell(trackers: readonly Tracker[], ...events: RunEvent[]): Promise<void> {
  for (const event of events) for (const track of trackers) await track(event);
}

const start = (step = 0): RunEvent => ({ type: 'start', step, steps: 9 });
const step = (step: number, metrics: StepMetrics): RunEvent => ({
  type: 'step',
  step,
  steps: 9,
  metrics,
  rollouts: [],
});
const end: RunEvent = { type: 'end', step: 2, steps: 9, outcome: 'finished' };

const fileOf = (run: string) => {
  const folders = readdirSync(join(run, 'wandb'));
  expect(folders).toHaveLength(1);
  const folder = join(run, 'wandb', folders[0]!);
  return join(folder, `run-${folders[0]!.split('-').at(-1)!}.wandb`);
};
const history = (run: string) =>
  readWandbRun(fileOf(run)).flatMap(([kind, content]) => (kind === 'history' ? [content] : []));

describe('wandbTracker', () => {
  test('writes settings, every figure, evaluations with their step, the summary, the files and the end', async () => {
    const run = temporaryFolder();
    const figures = { reward: 1.5, srcc: null } as Extract<RunEvent, { type: 'evaluation' }>['figures'];
    const trackers = open(run);
    await tell(trackers, start(), step(1, { reward: 0.1, step_time: 2 }), step(2, { reward: NaN, step_time: 3 }));
    await tell(trackers, { type: 'evaluation', step: 2, figures, isBest: true }, end);
    writeFileSync(join(run, 'report.html'), '<html>');
    await tell(trackers, { type: 'report' });

    const file = fileOf(run);
    expect(file).toMatch(/wandb\/offline-run-20261124_193946-([0-9a-f]{8})\/run-\1\.wandb$/);
    const records = readWandbRun(file);
    expect(records.map(([kind]) => kind)).toEqual([
      'header',
      'run',
      'history',
      'summary',
      'history',
      'summary',
      'files',
      'exit',
    ]);
    const seconds = now().getTime() / 1000;
    expect(records[1]![1]).toMatchObject({ project: 'iqa', name: basename(run), seconds, config: { steps: 60 } });
    expect(history(run)).toEqual([
      { _step: 1, reward: 0.1, step_time: 2, _runtime: 2, _timestamp: seconds + 2 },
      { _step: 2, reward: NaN, step_time: 3, 'evaluation/reward': 1.5, _runtime: 5, _timestamp: seconds + 5 },
    ]);
    expect(records[5]![1]).toMatchObject({ _step: 2, 'evaluation/reward': 1.5 });
    expect(records[6]![1]).toEqual({ files: ['report.html', 'rollouts.jsonl'] });
    expect(records[7]![1]).toEqual({ code: 0 });
    expect(readFileSync(join(file, '..', 'files', 'report.html'), 'utf8')).toBe('<html>');
  });

  test('a run that was killed and goes on is one run, each step once, whatever the kill left', async () => {
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    const steps = [1, 2, 3, 4].map((at) => step(at, { reward: at, step_time: 1 }));
    await tell(open(whole), start(), ...steps, end);
    await tell(open(parts), start(), ...steps.slice(0, 3));
    const before = fileOf(parts);
    truncateSync(before, readFileSync(before).length - 3);
    await tell(open(parts), start(1), ...steps.slice(1), end);
    expect(fileOf(parts)).toBe(before);
    expect(history(parts)).toEqual(history(whole));
  });

  test('what was logged after the step a run goes on from is no part of it', async () => {
    const run = temporaryFolder();
    await tell(open(run), start(), ...[1, 2, 3].map((at) => step(at, { reward: at })), end);
    await wandbTracker(run, { now })(start(1)); // with metrics.jsonl as the kill left it
    expect(history(run).map((row) => row['_step'])).toEqual([1]);
  });

  test('a run that failed ends with code 1', async () => {
    const run = temporaryFolder();
    await tell(open(run), start(), step(1, { reward: 1 }), { type: 'failed', message: 'NaN' });
    expect(readWandbRun(fileOf(run)).at(-1)).toEqual(['exit', { code: 1 }]);
    expect(history(run)).toHaveLength(1);
  });
});

/** What wandb 0.31.0's own messages serialize to (wandb_internal_pb2). */
const EXPECTED = {
  header: 'aa01150a130a09712d696e73696768741206302e37302e30',
  history: '12210a0e1206726577617264820103302e350a0b12055f737465708201013312020803',
  run: '8a01200a0261621a017022090a070a01618201013142016e8a010808011080cab5ee01',
};

test("records are what W&B's own client would write", () => {
  const hex = (buffer: Buffer) => buffer.toString('hex');
  expect(hex(headerRecord())).toBe(EXPECTED.header);
  expect(hex(historyRecord(3, { reward: 0.5 }))).toBe(EXPECTED.history);
  expect(hex(runRecord({ id: 'ab', project: 'p', name: 'n', start: 1.5, config: { a: 1 } }))).toBe(EXPECTED.run);
});

test('records of any length come back from the log', () => {
  const file = join(temporaryFolder(), 'run.wandb');
  const lengths = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 32700, max: 32800 }), fc.nat(100_000)), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(lengths, (all) => {
      const records = all.map((length, i) => Buffer.alloc(length, i + 1));
      const log = createLog(file);
      for (const record of records) log.append(record);
      expect(readWandbRecords(file).map((record) => record.toString('latin1'))).toEqual(
        records.map((record) => record.toString('latin1')),
      );
    }),
    { numRuns: 50, examples: [[[32704, 36, 1]], [[32704, 37, 1]], [[32704, 30, 1]]] }, // 7, 6 and 13 bytes left in a block,
  );
});
