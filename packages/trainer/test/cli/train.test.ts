import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { latestCheckpoint, listCheckpoints } from '../../src/checkpoints.js';
import { evaluateRun } from '../../src/cli/evaluate.js';
import { trainRun, type TrainOptions } from '../../src/cli/train.js';
import { PolicyLost } from '../../src/policies/policy-lost.js';
import type { Fingerprints } from '../../src/data/fingerprints.js';
import { readRunSettings } from '../../src/config/run-folder.js';
import { readAlarms } from '../../src/tracking/alarms/tracker.js';
import { readEvaluation } from '../../src/tracking/evaluation-file.js';
import { readMetrics } from '../../src/tracking/jsonl.js';
import { isMachineFigure } from '../../src/tracking/memory.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { fakeParts } from './fake-parts.js';
import { fakeRecipe } from './fake-recipe.js';

const printed: string[] = [];
const said: string[] = [];
beforeEach(() => {
  printed.length = 0;
  said.length = 0;
  jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
});

const newFolder = () => join(temporaryFolder(), 'run');
const run = (recipe: string | undefined, options: TrainOptions) => trainRun(recipe, options, fakeParts());

/** Figures of each step, without how long it took and how much memory. */
const figures = (folder: string) =>
  readMetrics(folder).map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !isMachineFigure(name))));

describe('train', () => {
  test('leaves settings, metrics, rollouts, checkpoints, the final model, evaluation and report', async () => {
    const output = newFolder();
    expect(await run(fakeRecipe(), { output, seed: '7', set: ['grpo.groupSize=4'] })).toBe(0);
    expect(readRunSettings(output)).toMatchObject({ seed: 7, steps: 6, output, grpo: { groupSize: 4 } });
    expect(readMetrics(output).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(listCheckpoints(output).map(({ state }) => state.step)).toEqual([4, 6]);
    for (const name of ['rollouts.jsonl', 'final/fake.json', 'report.html', 'pictures/1.png']) {
      expect(existsSync(join(output, name))).toBe(true);
    }
    const evaluation = readEvaluation(output)!;
    expect(evaluation).toMatchObject({ step: 6, prompts: 6, samples: 2 });
    expect(evaluation.after.sampled.reward!).toBeGreaterThan(evaluation.before.sampled.reward!);
    expect(evaluation.examples).toHaveLength(3);
    expect(printed.join('\n')).toMatch(/mean total reward.*degradation class accuracy.*photo-0\.jpg.*report: /s);
  });

  test('--no-evaluate writes the report alone', async () => {
    const output = newFolder();
    await run(fakeRecipe(), { output, evaluate: false });
    expect(existsSync(join(output, 'report.html'))).toBe(true);
    expect(readEvaluation(output)).toBeUndefined();
  });

  test('the same recipe gives the same run', async () => {
    const [one, two] = [newFolder(), newFolder()];
    for (const output of [one, two]) await run(fakeRecipe(), { output, evaluate: false });
    expect(figures(one)).toEqual(figures(two));
    expect(readFileSync(join(one, 'rollouts.jsonl'), 'utf8')).toBe(readFileSync(join(two, 'rollouts.jsonl'), 'utf8'));
  });

  test('memory check, training and evaluation are of one model, whose tokenizer is then read once', async () => {
    const parts = fakeParts();
    const models: unknown[] = [];
    const noted: typeof parts = {
      ...parts,
      checkMemory: ({ model }) => Promise.resolve(void models.push(model)),
      openPolicy: (model, purpose) => {
        models.push(model);
        return parts.openPolicy(model, purpose);
      },
    };
    await trainRun(fakeRecipe(), { output: newFolder() }, noted);
    expect(models).toHaveLength(3);
    for (const model of models) expect(model).toBe(models[0]); // the same object, which real parts know it by
  });

  test('a folder with a run is not written over: the message says what is there and what to do', async () => {
    const output = newFolder();
    const recipe = fakeRecipe();
    await run(recipe, { output, evaluate: false });
    const before = readFileSync(join(output, 'metrics.jsonl'), 'utf8');
    await expect(run(recipe, { output })).rejects.toThrow(
      `${output}: holds a finished run, step 6 of 6; evaluate it with 'q-insight evaluate ${output}', ` +
        'train on with --resume --steps N, or name a new folder with --output',
    );
    await expect(run(recipe, { output, resume: true })).rejects.toThrow(
      /holds a finished run, .*; evaluate it with .* train on with --resume --steps N$/,
    );
    expect(readFileSync(join(output, 'metrics.jsonl'), 'utf8')).toBe(before);
  });

  test('changed data is refused with the file named, unless told otherwise', async () => {
    const output = newFolder();
    const on = (fingerprints: Fingerprints, options: TrainOptions) =>
      trainRun(options.resume === true ? undefined : fakeRecipe(), { output, evaluate: false, ...options }, fakeParts(fingerprints)); // prettier-ignore
    await on({ 'labels.json': 'a' }, {});
    const again = { resume: true, steps: '9' };
    await expect(on({ 'labels.json': 'b' }, again)).rejects.toThrow(
      'the data is not what the run was started with: labels.json has changed; go on all the same with --changed-data',
    );
    expect(latestCheckpoint(output)!.state.step).toBe(6);
    await on({ 'labels.json': 'b' }, { ...again, changedData: true });
    expect(latestCheckpoint(output)!.state).toMatchObject({ step: 9, data: { 'labels.json': 'b' } });
  });

  test('a finished run can be trained on, and is then as if it had been asked for all steps at once', async () => {
    const [long, short] = [newFolder(), newFolder()];
    const grpo = { groupSize: 8, promptsPerStep: 4, maxTokens: 4, entropy: { adaptive: { target: 1.45 } } };
    await run(fakeRecipe({ grpo }), { output: long, steps: '9', evaluate: false });
    await run(fakeRecipe({ grpo }), { output: short, evaluate: false });
    await run(undefined, { output: short, resume: true, steps: '9', evaluate: false });
    expect(figures(short)).toEqual(figures(long));
    expect(figures(short).at(-1)).toMatchObject({ entropy_coefficient: 0.02 });
    expect(latestCheckpoint(short)!.state).toMatchObject({ step: 9, steps: 9 });
  });

  test('a run killed after its last checkpoint and before its final model is resumed to write that', async () => {
    const output = newFolder();
    await run(fakeRecipe(), { output, evaluate: false });
    const final = join(output, 'final', 'fake.json');
    const [weights, before] = [readFileSync(final, 'utf8'), figures(output)];
    rmSync(join(output, 'final'), { recursive: true });
    await run(undefined, { output, resume: true, evaluate: false });
    expect(readFileSync(final, 'utf8')).toBe(weights);
    expect(figures(output)).toEqual(before);
  });

  test('a run is resumed with its own settings or not at all', async () => {
    const output = newFolder();
    await run(fakeRecipe(), { output, evaluate: false });
    const changed = run(undefined, { output, resume: true, steps: '9', set: ['optimizer.learningRate=1', 'seed=3'] });
    await expect(changed).rejects.toThrow(
      'resumed with the settings it was started with; changed: optimizer.learningRate (2, now 1), seed (0, now 3)',
    );
  });

  test('damaged evaluations: the cache is made anew, evaluation.json is named', async () => {
    const output = newFolder();
    await run(fakeRecipe(), { output });
    const cache = join(output, 'evaluation-start.json');
    const whole = readFileSync(cache, 'utf8');
    writeFileSync(cache, whole.slice(0, 100));
    const before = readEvaluation(output);
    for (const text of ['', '{"version": 1', 'null', '{}']) {
      writeFileSync(join(output, 'evaluation.json'), text);
      expect(() => readEvaluation(output)).toThrow(`${join(output, 'evaluation.json')}: no`);
    }
    expect(await evaluateRun(output, readRunSettings(output), fakeParts())).toEqual(before);
    expect(readFileSync(cache, 'utf8')).toBe(whole);
  });

  test('a failing model leaves no run behind', async () => {
    const output = newFolder();
    const parts = { ...fakeParts(), openPolicy: () => Promise.reject(new Error('weights.bin: no such file')) };
    await expect(trainRun(fakeRecipe(), { output }, parts)).rejects.toThrow('weights.bin: no such file');
    expect(existsSync(output)).toBe(false);
  });

  test('a run that ends in NaN leaves an alarm behind', async () => {
    const output = newFolder();
    const parts = fakeParts();
    const diverging: typeof parts.openPolicy = async (...request) => {
      const policy = await parts.openPolicy(...request);
      return { ...policy, optimizerStep: () => Promise.reject(new Error('the gradient norm is NaN')) };
    };
    await expect(trainRun(fakeRecipe(), { output }, { ...parts, openPolicy: diverging })).rejects.toThrow('is NaN');
    expect(readAlarms(output)).toMatchObject([{ step: 1, alarm: 'not-a-number', message: 'the gradient norm is NaN' }]);
  });

  /** A run on a server that loses the model while these steps are updated, each the next time it is opened. */
  async function losing(output: string, steps: number[], set: string[] = []) {
    const parts = fakeParts();
    const openPolicy: typeof parts.openPolicy = async (...request) => {
      const policy = await parts.openPolicy(...request);
      const losesAt = steps.shift();
      let step = 0;
      return {
        ...policy,
        load: async (folder) => {
          await policy.load(folder);
          ({ step } = latestCheckpoint(output)!.state);
        },
        optimizerStep: (options) => {
          if (++step === losesAt) return Promise.reject(new PolicyLost('sample: model m: unknown'));
          return policy.optimizerStep(options);
        },
      };
    };
    const model = ['model.train=lora', 'model.tinker.url=http://127.0.0.1:8000', ...set];
    return trainRun(fakeRecipe(), { output, evaluate: false, set: model }, { ...parts, openPolicy });
  }

  test('a run goes on by itself from its last checkpoint when the server loses the model', async () => {
    const [whole, lost] = [newFolder(), newFolder()];
    await losing(whole, []);
    expect(await losing(lost, [1, 4, 6])).toBe(0); // before the first checkpoint, and after those of steps 2 and 4
    expect(figures(lost)).toEqual(figures(whole));
    const final = (folder: string) => readFileSync(join(folder, 'final', 'fake.json'), 'utf8');
    expect(final(lost)).toBe(final(whole));
    expect(said.filter((text) => text.startsWith('the policy is lost'))).toEqual([
      'the policy is lost (sample: model m: unknown); going on after step 0 (1 of 3)\n',
      'the policy is lost (sample: model m: unknown); going on after step 2 (1 of 3)\n',
      'the policy is lost (sample: model m: unknown); going on after step 4 (1 of 3)\n',
    ]);
  });

  test('a run ends when the model is lost too often in a row, and can be resumed', async () => {
    const output = newFolder();
    await expect(losing(output, [4, 3, 4], ['model.tinker.recoveries=2'])).rejects.toThrow(PolicyLost);
    expect(latestCheckpoint(output)!.state.step).toBe(2);
    await run(undefined, { output, resume: true, evaluate: false });
    expect(readMetrics(output).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    await expect(losing(newFolder(), [4], ['model.tinker.recoveries=0'])).rejects.toThrow(PolicyLost);
  });

  test('what cannot be resumed or started is said', async () => {
    const folder = temporaryFolder();
    await expect(run(undefined, {})).rejects.toThrow('name a recipe file');
    await expect(run(undefined, { resume: true })).rejects.toThrow('--resume: name the run folder with --output');
    await expect(run(undefined, { resume: true, output: folder })).rejects.toThrow(`${folder}: holds no run to resume`);
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full', 'thesis.txt'), '');
    await expect(run(fakeRecipe(), { output: join(folder, 'full') })).rejects.toThrow(
      /full: is not empty and holds no run/,
    );
  });
});
