import { mkdirSync, readdirSync, truncateSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { writeRunSettings } from '../../../src/config/run-folder.js';
import type { Rollout, RunEvent, StepMetrics } from '../../../src/tracking/events.js';
import { scalarTag } from '../../../src/tracking/tensorboard/tags.js';
import { tensorboardTracker } from '../../../src/tracking/tensorboard/tracker.js';
import { fakeDataset } from '../../fake-policy.js';
import { fakeSettings } from '../../fake-run.js';
import { readEvents } from '../../helpers/event-file.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const prompt = await fakeDataset().get(2);
const rollout = (group: string, text: string, total: number | null): Rollout => ({
  id: `${group}.${text}`,
  group,
  prompt,
  completion: { tokens: [1, 2], text, samplerLogps: [-1, -1], finishReason: 'stop' },
  rewards: { format: total, score: null },
  total,
  advantage: 0.5,
});
const rollouts = [rollout('1.0', 'poor', 0), rollout('1.0', 'good', 1), rollout('1.1', 'other group', 1)];

const filesOf = (run: string) => {
  const folder = join(run, 'tensorboard');
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
};

/** Logs steps as a run does that starts after `from`. */
async function log(run: string, from: number, to: number, metrics: (step: number) => StepMetrics, now = () => 1e9) {
  const track = tensorboardTracker(run, { now, completionsEvery: 3 });
  await track({ type: 'start', step: from, steps: to });
  for (let step = from + 1; step <= to; step++) {
    await track({ type: 'step', step, steps: to, metrics: metrics(step), rollouts });
  }
}

describe('tensorboardTracker', () => {
  test('writes every figure of every step under its tag', async () => {
    const run = temporaryFolder();
    const metrics = (step: number) => ({ reward: step / 3, loss: NaN, 'rewards/format/mean': 0.5 });
    await log(run, 0, 2, metrics);
    const events = readEvents(filesOf(run)[0]!).filter(({ scalars }) => Object.keys(scalars).length > 0);
    expect(events.map(({ step, scalars }) => [step, scalars])).toEqual([
      [1, { 'reward/mean': Math.fround(1 / 3), 'train/loss': NaN, 'reward/format/mean': 0.5 }],
      [2, { 'reward/mean': Math.fround(2 / 3), 'train/loss': NaN, 'reward/format/mean': 0.5 }],
    ]);
  });

  test('shows the answers to one prompt a task with its picture, every few steps, the best answer first', async () => {
    const run = temporaryFolder();
    await log(run, 0, 4, () => ({ 'tasks/degradation/reward': 0.5, 'tasks/degradation/mean_length': 12.345 }));
    const events = readEvents(filesOf(run)[0]!);
    const shown = events.filter(({ texts }) => 'completions/degradation/answers' in texts);
    expect(shown.map(({ step }) => step)).toEqual([1, 4]);
    const { texts, images } = shown[0]!;
    expect(texts['completions/degradation/answers']).toBe(
      'Prompt blur-2, label: blur, obvious\n\n' +
        '**reward 1 (format 1)** · advantage 0.5 · 2 tokens\n\n    good\n\n' +
        '**reward 0 (format 0)** · advantage 0.5 · 2 tokens\n\n    poor',
    );
    expect(texts['tasks/table']).toBe(
      '| task | reward | mean_length |\n| --- | --- | --- |\n| degradation | 0.5 | 12.3 |',
    );
    const { width, height, png } = images['completions/degradation/image-1']!;
    expect([width, height]).toEqual([4, 4]);
    expect([...(await sharp(png).raw().toBuffer())]).toEqual([...new Uint8Array(48).fill(40)]);
  });

  test('evaluations are scalars of their own, alarms are texts', async () => {
    const run = temporaryFolder();
    const track = tensorboardTracker(run);
    const figures = { reward: 1.5, srcc: null, formatRate: 1 } as Extract<RunEvent, { type: 'evaluation' }>['figures'];
    await track({ type: 'start', step: 0, steps: 9 });
    await track({ type: 'evaluation', step: 4, figures, isBest: true });
    const alarm = { alarm: 'kl-rising', message: 'KL is 3', advice: 'slow down', help: 'docs/page.md#kl' };
    await track({ type: 'alarm', step: 5, state: 'raised', ...alarm });
    expect(readEvents(filesOf(run)[0]!).slice(1)).toMatchObject([
      { step: 4, scalars: { 'evaluation/reward': 1.5, 'evaluation/formatRate': 1 } },
      { step: 5, texts: { 'alarms/kl-rising': '**kl-rising** raised: KL is 3\n\nslow down (docs/page.md#kl)' } },
    ]);
  });

  test('no answer can leave its code block', async () => {
    const run = temporaryFolder();
    const track = tensorboardTracker(run);
    const evil = '```\n# heading\r<b>x</b>\u2028| a |';
    await track({ type: 'start', step: 0, steps: 1 });
    await track({ type: 'step', step: 1, steps: 1, metrics: {}, rollouts: [rollout('1.0', evil, null)] });
    const text = readEvents(filesOf(run)[0]!).at(-1)!.texts['completions/degradation/answers']!;
    expect(text.split('\n').slice(4)).toEqual(['    ```', '    # heading', '    <b>x</b>', '    | a |']);
    expect(text).toContain('**reward none** ·');
  });

  test('a run that goes on starts a file that is read last and takes back the steps after the checkpoint', async () => {
    const run = temporaryFolder();
    await log(run, 0, 5, (step) => ({ reward: step }));
    await log(
      run,
      2,
      4,
      (step) => ({ reward: -step }),
      () => 1e9 - 50,
    ); // the clock was set back
    const [first, second] = filesOf(run).map(readEvents);
    expect(first!.map(({ session }) => session).filter((status) => status !== undefined)).toEqual([]);
    expect(second!.slice(0, 2)).toMatchObject([{ step: 2 }, { step: 3, session: 1 }]);
    expect(second!.slice(2).map(({ scalars }) => scalars['reward/mean'])).toEqual([-3, -4]);
  });

  test('a record cut short by a kill costs its step alone', async () => {
    const run = temporaryFolder();
    await log(run, 0, 3, (step) => ({ reward: step }));
    const [file] = filesOf(run);
    truncateSync(file!, statSync(file!).size - 5);
    await log(run, 2, 3, (step) => ({ reward: step }));
    const steps = filesOf(run).flatMap((name) =>
      readEvents(name).flatMap(({ step, scalars }) => ('reward/mean' in scalars ? [step] : [])),
    );
    expect(steps).toEqual([1, 2, 3]);
  });

  test('the settings are shown as text, once', async () => {
    const run = temporaryFolder();
    mkdirSync(run, { recursive: true });
    writeRunSettings(run, fakeSettings());
    await log(run, 0, 1, () => ({ reward: 1 }));
    await log(run, 1, 2, () => ({ reward: 1 }));
    const texts = filesOf(run).map((file) => readEvents(file).flatMap((event) => event.texts['settings'] ?? []));
    expect(texts.map((found) => found.length)).toEqual([1, 0]);
    expect(texts[0]![0]).toContain('promptsPerStep: 4');
  });
});

test('tags are grouped, and no two figures share one', () => {
  const names = [
    'reward',
    'reward_std',
    'frac_reward_zero_std',
    'unscorable',
    ...['mean', 'std', 'zero_std_share'].flatMap((name) => [`rewards/${name}/mean`, `rewards/${name}/std`]),
    'loss',
    'kl',
    'step_time',
    'tokens_per_second',
    'time/sample',
    'completions/mean_length',
  ];
  expect(names.map(scalarTag)).toEqual([
    'reward/mean',
    'reward/std',
    'reward/zero_std_share',
    'reward/unscorable',
    'reward/mean/mean',
    'reward/mean/std',
    'reward/std/mean',
    'reward/std/std',
    'reward/zero_std_share/mean',
    'reward/zero_std_share/std',
    'train/loss',
    'train/kl',
    'time/step',
    'time/tokens_per_second',
    'time/sample',
    'completions/mean_length',
  ]);
});
