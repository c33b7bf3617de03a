import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { loadSettings } from '../../src/config/load.js';
import type { Settings } from '../../src/config/schema.js';
import { parseOverride } from '../../src/config/override.js';
import { temporaryFolder } from '../helpers/temporary.js';

const RECIPE = `model:
  checkpoint: some/model
  train: full
data:
  train: { kind: photos, folder: photos }
  heldOut: { kind: jsonl, file: labels.jsonl }
grpo:
  groupSize: 4
steps: 10
`;

function recipe(text = RECIPE): string {
  const file = join(temporaryFolder(), 'recipe.yaml');
  writeFileSync(file, text);
  return file;
}

const load = (text: string, ...sets: string[]) => loadSettings(recipe(text), sets.map(parseOverride));

describe('loadSettings', () => {
  test('fills in the defaults', () => {
    const settings = load(RECIPE);
    expect(settings.grpo).toMatchObject({
      preset: 'q-insight',
      groupSize: 4,
      promptsPerStep: 4,
      temperature: 1,
      innerEpochs: 1,
    });
    expect(settings.optimizer).toMatchObject({
      learningRate: 1e-6,
      schedule: 'linear',
      maxGradientNorm: 1,
      weightDecay: 0,
    });
    expect(settings.rewards).toMatchObject({ preset: 'q-insight', weights: {} });
    expect(settings).toMatchObject({ seed: 0, saveEvery: 50, keep: 2, model: { freezeVision: true } });
  });

  test('--set changes settings, deep and by type; the last one wins', () => {
    const settings = load(RECIPE, 'grpo.beta=0', 'steps=3', 'steps=4', 'data.train.tasks=[score]', 'seed=a b');
    expect(settings.grpo.beta).toBe(0);
    expect(settings.steps).toBe(4);
    expect(settings.data.train).toMatchObject({ kind: 'photos', tasks: ['score'] });
    expect(settings.seed).toBe('a b');
  });

  test('--set reaches into lists by number, and leaves their other entries alone', () => {
    const joint = readFileSync('recipes/q-insight.yaml', 'utf8');
    const { data } = load(joint, 'data.train.sets.1.file=mine.json', 'data.train.sets.1.sample=random:10');
    const { sets } = load(joint).data.train as Extract<Settings['data']['train'], { kind: 'joint' }>;
    expect(data.train).toMatchObject({ kind: 'joint', sets: [sets[0], { ...sets[1], file: 'mine.json', sample: 'random:10' }] }); // prettier-ignore
    for (const key of ['2', 'length', 'file', '-1'])
      expect(() => load(joint, `data.train.sets.${key}=x`)).toThrow(
        `--set data.train.sets.${key}=x: the list has 2 entries, counted from 0, so no '${key}'`,
      );
  });

  test.each([
    [[], ['tensorboard']],
    [['trackers=[]'], []],
    [
      ['trackers=[wandb=my project, "mlflow=https://host:5000/path", tensorboard]'],
      ['wandb=my project', 'mlflow=https://host:5000/path', 'tensorboard'],
    ],
  ])('trackers %j are read as %j', (sets, trackers) => {
    expect(load(RECIPE, ...sets).trackers).toEqual(trackers);
  });

  test.each([
    [
      '[tensorbord]',
      `'trackers.0' must be one of tensorboard, wandb, mlflow, got "tensorbord"; did you mean 'tensorboard'?`,
    ],
    ['[wandb, comet]', `'trackers.1' must be one of tensorboard, wandb, mlflow, got "comet"`],
    ['[""]', `'trackers.0' must be one of tensorboard, wandb, mlflow, got ""`],
    ['tensorboard', `'trackers' must be a list, got "tensorboard"`],
    [
      '[tensorboard=logs]',
      `'trackers.0' must be 'tensorboard' alone: its files lie in the run folder, got "tensorboard=logs"`,
    ],
    [
      '["mlflow=localhost:5000"]',
      `'trackers.0' must have an address such as mlflow=http://127.0.0.1:5000, got "mlflow=localhost:5000"`,
    ],
    ['[wandb=a, wandb=b]', `'trackers' must name each tracker once, got 'wandb' twice`],
  ])('trackers=%s is refused', (value, message) => {
    expect(() => load(RECIPE, `trackers=${value}`)).toThrow(`--set trackers=${value}: ${message}`);
  });

  test.each([
    ['grpo.groupsize=8', "--set grpo.groupsize=8: 'grpo.groupsize' is not a known setting; did you mean 'groupSize'?"],
    [
      'optimiser.learningRate=1',
      "--set optimiser.learningRate=1: 'optimiser' is not a known setting; did you mean 'optimizer'?",
    ],
    [
      'data.train.foldr=x',
      "--set data.train.foldr=x: 'data.train.foldr' is not a known setting; did you mean 'folder'?",
    ],
    ['grpo.groupSize=eight', '--set grpo.groupSize=eight: \'grpo.groupSize\' must be a number, got "eight"'],
    ['grpo.groupSize=2.5', "--set grpo.groupSize=2.5: 'grpo.groupSize' must be a whole number, got 2.5"],
    ['grpo.groupSize=1', "--set grpo.groupSize=1: 'grpo.groupSize' must be at least 2, got 1"],
    ['optimizer.beta1=1', "'optimizer.beta1' must be less than 1, got 1"],
    ['optimizer.beta2=1', "'optimizer.beta2' must be less than 1, got 1"],
    ['grpo.beta=-1', "--set grpo.beta=-1: 'grpo.beta' must be at least 0, got -1"],
    ['optimizer.learningRate=0', "--set optimizer.learningRate=0: 'optimizer.learningRate' must be more than 0, got 0"],
    [
      'grpo.preset=qinsight',
      "'grpo.preset' must be one of q-insight, trl, verl, dapo, dr-grpo, got \"qinsight\"; did you mean 'q-insight'?",
    ],
    [
      'data.train.kind=photo',
      "'data.train.kind' must be one of photos, jsonl, csv, deqa, q-insight-degradation, q-insight-comparison, dq495k, vlm-r1, visualquality-r1, koniq, spaq, kadid, tid2013, agiqa, joint, got \"photo\"; did you mean 'photos'?",
    ],
    ['grpo=3', "'grpo' must be a section with keys of its own, got 3"],
    ['model.freezeVision=maybe', '\'model.freezeVision\' must be true or false, got "maybe"'],
    ['seed=1.5', "'seed' must be a whole number or text, got 1.5"],
    ['data.train.tasks=[]', "'data.train.tasks' must have at least 1 entries, got []"],
    ['model.matmulPrecision=bf16', "'model.matmulPrecision' bf16 needs model.precision: bf16"],
    ['model.checkpoint=""', "'model.checkpoint' must not be empty"],
  ])('%s is refused in words', (set, message) => {
    expect(() => load(RECIPE, set)).toThrow(message);
  });

  test('an error in the file names file and line', () => {
    const file = recipe(RECIPE.replace('groupSize: 4', 'group_size: 4'));
    expect(() => loadSettings(file)).toThrow(
      `${file}:8: 'grpo.group_size' is not a known setting; did you mean 'groupSize'?`,
    );
  });

  test('a missing key names the section that lacks it', () => {
    const file = recipe(RECIPE.replace('  checkpoint: some/model\n', ''));
    expect(() => loadSettings(file)).toThrow(`${file}:1: 'model.checkpoint' is required`);
  });

  test('further errors are counted and named', () => {
    expect(() => load(RECIPE, 'steps=0', 'keep=0')).toThrow(
      /^--set steps=0: 'steps' must be at least 1, got 0 \(and 1 more: keep\)$/,
    );
  });

  test('files that are no settings', () => {
    expect(() => loadSettings('nowhere.yaml')).toThrow('nowhere.yaml: no such recipe file');
    const folder = temporaryFolder();
    expect(() => loadSettings(folder)).toThrow(`${folder}: it is a folder`);
    expect(() => load('')).toThrow(/recipe\.yaml: expected settings .*, got an empty file/);
    expect(() => load('just text')).toThrow(/got string/);
    expect(() => load('a: [1')).toThrow(/recipe\.yaml:1: not valid YAML/);
  });

  test('flags that are no settings', () => {
    expect(() => parseOverride('steps')).toThrow("--set steps: expected KEY=VALUE such as grpo.beta=0.01, got 'steps'");
    expect(() => parseOverride('=1')).toThrow(/expected KEY=VALUE/);
    expect(() => parseOverride('a..b=1')).toThrow(/expected KEY=VALUE/);
    expect(() => parseOverride('a=[')).toThrow(/--set a=\[: the value is not YAML/);
  });
});
