import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { qInsightRewards } from '@q-insight/rewards';
import { finalCheckpoint, latestCheckpoint } from '../src/checkpoints.js';
import type { Recipe } from '../src/config/schema.js';
import { train } from '../src/loop.js';
import type { TrainingRun } from '../src/training/training-run.js';
import type { Figures } from '../src/tracking/evaluation-file.js';
import { EVALUATIONS_FILE, jsonlTracker, readJsonl } from '../src/tracking/jsonl.js';
import { fakeDataset, fakePolicy } from './fake-policy.js';
import { fakeSettings } from './fake-run.js';
import { temporaryFolder } from './helpers/temporary.js';

const figures = (reward: number | null): Figures => ({
  reward,
  formatRate: 1,
  scoreReward: null,
  readableRatings: null,
  srcc: null,
  plcc: null,
  classAccuracy: 0.5,
  levelAccuracy: null,
});

/** Trains the fake policy, whose evaluations give these rewards one after another. */
async function run(
  rewards: readonly (number | null)[],
  evaluate: NonNullable<Recipe['evaluate']>,
  overrides: Partial<TrainingRun> = {},
) {
  const folder = overrides.folder ?? temporaryFolder();
  const left = [...rewards];
  const policy = overrides.policy ?? fakePolicy();
  const result = await train({
    settings: fakeSettings({ steps: 12, saveEvery: 4, evaluate }),
    folder,
    policy,
    dataset: fakeDataset(),
    rewards: qInsightRewards(),
    trackers: [jsonlTracker(folder)],
    evaluate: () => Promise.resolve(figures(left.shift()!)),
    ...overrides,
  });
  const log = readJsonl<{ step: number; reward: number; is_best: boolean }>(join(folder, EVALUATIONS_FILE));
  return { result, folder, log, left };
}

const weightsIn = (...parts: string[]) => readFileSync(join(...parts, 'fake.json'), 'utf8');

describe('evaluation during training', () => {
  test('is made every so many steps, and the model of the best is kept', async () => {
    const { result, folder, log } = await run([1, 1.5, 1.2, 1.5], { every: 3 });
    expect(result).toEqual({ outcome: 'finished', step: 12 });
    expect(log.map(({ step, reward, is_best: isBest }) => [step, reward, isBest])).toEqual([
      [3, 1, true],
      [6, 1.5, true],
      [9, 1.2, false],
      [12, 1.5, false], // no better than the one before
    ]);
    const until6 = await run([1, 1.5], { every: 3 }, { settings: fakeSettings({ steps: 6, evaluate: { every: 3 } }) });
    expect(weightsIn(folder, 'best')).toBe(weightsIn(until6.folder, 'final'));
    expect(weightsIn(folder, 'best')).not.toBe(weightsIn(folder, 'final'));
    expect(existsSync(join(folder, 'best', 'optimizer'))).toBe(false);
    expect(finalCheckpoint(folder)!.state.best).toEqual({ step: 6, value: 1.5 });
  });

  test('is not made when not asked for', async () => {
    const { left, folder } = await run([1], {});
    expect(left).toEqual([1]);
    expect(existsSync(join(folder, 'best'))).toBe(false);
  });

  test('ends training when the figure has not risen for a while', async () => {
    const { result, folder, log } = await run([1, 2, 1.9, 1.8, 3], { every: 2, patience: 2 });
    expect(result).toEqual({ outcome: 'early-stop', step: 8 });
    expect(log).toHaveLength(4);
    expect(latestCheckpoint(folder)!.state).toMatchObject({ step: 8, best: { step: 4, value: 2 } });
    expect(finalCheckpoint(folder)!.state.step).toBe(8);
  });

  test('a resumed run knows the best of before', async () => {
    const whole = await run([1, 2, 1.9, 1.8], { every: 2, patience: 2 });
    const policy = fakePolicy();
    const { folder, state } = latestCheckpoint((await run([1, 2], { every: 2 }, { settings: fakeSettings({ steps: 5, saveEvery: 4, evaluate: { every: 2 } }) })).folder)!; // prettier-ignore
    await policy.load(folder);
    const rest = await run([1.9, 1.8], { every: 2, patience: 2 }, { policy, startStep: state.step, best: state.best });
    expect(rest.result).toEqual(whole.result);
    expect(existsSync(join(rest.folder, 'best'))).toBe(false);
    expect(weightsIn(rest.folder, 'final')).toBe(weightsIn(whole.folder, 'final'));
  });

  test('a run resumed where it had stopped early stops again, and goes on with more patience', async () => {
    const { folder } = await run([1, 0, 0], { every: 2, patience: 2 });
    const { state, folder: checkpoint } = latestCheckpoint(folder)!;
    const again = async (patience: number) => {
      const policy = fakePolicy();
      await policy.load(checkpoint);
      const { step, best } = { step: state.step, best: state.best };
      return run([0, 0, 0], { every: 2, patience }, { policy, startStep: step, best });
    };
    expect((await again(2)).result).toEqual({ outcome: 'early-stop', step: 6 });
    expect((await again(9)).result).toEqual({ outcome: 'finished', step: 12 });
  });

  test('ratings without a correlation are no better than any, and the run goes on', async () => {
    const left = [null, 0.2, null, 0.1];
    const evaluate = () => Promise.resolve({ ...figures(1), readableRatings: 0.5, srcc: left.shift()! });
    const { result, folder, log } = await run([], { every: 3, metric: 'srcc' }, { evaluate });
    expect(result).toEqual({ outcome: 'finished', step: 12 });
    expect(log.map(({ step, is_best: isBest }) => [step, isBest])).toEqual([
      [3, false],
      [6, true],
      [9, false],
      [12, false],
    ]);
    expect(finalCheckpoint(folder)!.state.best).toEqual({ step: 6, value: 0.2 });
  });

  test('the figure that decides can be chosen, and must be there', async () => {
    const { folder } = await run([null, null], { every: 6, metric: 'classAccuracy' });
    expect(finalCheckpoint(folder)!.state.best).toEqual({ step: 6, value: 0.5 });
    await expect(run([1], { every: 6, metric: 'srcc' })).rejects.toThrow(
      'evaluate.metric: the held-out prompts give no srcc; choose another figure',
    );
  });
});
