import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Rollout } from '../../src/tracking/events.js';
import {
  dropLinesAfter,
  jsonlTracker,
  readJsonl,
  readJsonLines,
  readMetrics,
  type RolloutRecord,
} from '../../src/tracking/jsonl.js';
import { fakeDataset } from '../fake-policy.js';
import { temporaryFolder } from '../helpers/temporary.js';

const prompt = await fakeDataset().get(2);
const rollout: Rollout = {
  id: '7.0.1',
  group: '7.0',
  prompt,
  completion: { tokens: [1, 2, 4], text: 'line one\nline "two"', samplerLogps: [0, 0, 0], finishReason: 'stop' },
  rewards: { format: 1, score: null, degradation: 0.25 },
  total: 1.25,
  advantage: -0.5,
};

describe('jsonlTracker', () => {
  test('writes one line a step and one a completion', async () => {
    const run = temporaryFolder();
    const track = jsonlTracker(run);
    await track({ type: 'start', step: 6, steps: 9 });
    await track({ type: 'step', step: 7, steps: 9, metrics: { reward: 1.25, kl: NaN }, rollouts: [rollout, rollout] });
    expect(readMetrics(run)).toEqual([{ step: 7, reward: 1.25, kl: null }]);
    const rows = readJsonl<RolloutRecord>(join(run, 'rollouts.jsonl'));
    expect(rows).toHaveLength(2);
    expect(rows[0]).toEqual({
      step: 7,
      id: '7.0.1',
      prompt: 'blur-2',
      images: ['photo-2.jpg'],
      text: 'line one\nline "two"',
      tokens: 3,
      finish_reason: 'stop',
      rewards: { format: 1, score: null, degradation: 0.25 },
      reward: 1.25,
      advantage: -0.5,
      label: { task: 'degradation', distortionClass: 'blur', level: 'obvious' },
    });
  });

  test('a run that goes on from a checkpoint drops what was logged after it', async () => {
    const run = temporaryFolder();
    const first = jsonlTracker(run);
    for (const step of [1, 2, 3])
      await first({ type: 'step', step, steps: 9, metrics: { reward: step }, rollouts: [rollout] });
    await jsonlTracker(run)({ type: 'start', step: 2, steps: 9 });
    expect(readMetrics(run).map(({ step }) => step)).toEqual([1, 2]);
    expect(readJsonl<RolloutRecord>(join(run, 'rollouts.jsonl')).map(({ step }) => step)).toEqual([1, 2]);
  });

  test('a last line cut short by a kill is left out and cleared', () => {
    const file = join(temporaryFolder(), 'metrics.jsonl');
    writeFileSync(file, '{"step":1}\n{"step":2}\n');
    appendFileSync(file, '{"step":3,"rew');
    expect(readJsonl(file)).toEqual([{ step: 1 }, { step: 2 }]);
    dropLinesAfter(file, 9);
    expect(readFileSync(file, 'utf8')).toBe('{"step":1}\n{"step":2}\n');
  });

  test('a last line without a newline counts when it is whole', () => {
    const file = join(temporaryFolder(), 'metrics.jsonl');
    writeFileSync(file, '{"step":1}\n{"step":2}');
    expect(readJsonl(file)).toEqual([{ step: 1 }, { step: 2 }]);
    dropLinesAfter(file, 9);
    expect(readFileSync(file, 'utf8')).toBe('{"step":1}\n{"step":2}\n');
  });

  test('blank lines count', () => {
    const file = join(temporaryFolder(), 'metrics.jsonl');
    writeFileSync(file, '\n{"step":1}\n\n5\n');
    expect(() => readJsonl(file)).toThrow(`${file}:4: not a JSON object: 5`);
    writeFileSync(file, '\n{"step":1}\n\n{"step":2}\n');
    expect(readJsonLines(file).map(({ line }) => line)).toEqual([2, 4]);
  });

  test('a broken line in the middle names file and line; a missing file has no lines', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.jsonl'), '{"step":1}\n{"step\n{}\n');
    expect(() => readJsonl(join(folder, 'a.jsonl'))).toThrow(/a\.jsonl:2: not a JSON object/);
    expect(readJsonl(join(folder, 'b.jsonl'))).toEqual([]);
    dropLinesAfter(join(folder, 'b.jsonl'), 1);
    expect(existsSync(join(folder, 'b.jsonl'))).toBe(false);
  });
});
