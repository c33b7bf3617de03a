// What trackers take of a step: a thousand steps of 50 figures and 128 answers, pictures of 1024x768 every tenth step.
//   npm run bench:tracking        (PYTHON=… adds TensorBoard's own writer)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../packages/trainer/src/config/load.js';
import { writeRunSettings } from '../../packages/trainer/src/config/run-folder.js';
import { alarmTracker } from '../../packages/trainer/src/tracking/alarms/tracker.js';
import type { Rollout, Tracker } from '../../packages/trainer/src/tracking/events.js';
import { jsonlTracker } from '../../packages/trainer/src/tracking/jsonl.js';
import { tensorboardTracker } from '../../packages/trainer/src/tracking/tensorboard/tracker.js';
import { wandbTracker } from '../../packages/trainer/src/tracking/wandb/tracker.js';

const STEPS = 1000;
const metrics = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`group-${i % 6}/figure-${i}`, Math.sin(i)]));
const data = new Uint8Array(1024 * 768 * 3);
for (let i = 0, state = 1; i < data.length; i++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  data[i] = 128 + (state >>> 27) - 16; // sensor noise: a flat picture would cost nothing to encode
}
const image = { name: 'photo.jpg', width: 1024, height: 768, data };
const text = '<think>The edges are soft and the colours hold.</think><answer>{"rating": 3.4}</answer>'.repeat(3);
const rollouts = Array.from({ length: 128 }, (_, i): Rollout => {
  const task = Math.floor(i / 8) % 2;
  return {
    id: String(i),
    group: String(Math.floor(i / 8)),
    prompt: {
      id: 'photo',
      messages: [{ role: 'user', content: [{ type: 'image', image }] }],
      label: task ? { task: 'score', score: 3 } : { task: 'degradation', distortionClass: 'blur', level: 'obvious' },
    },
    completion: { tokens: Array<number>(80).fill(1), text, samplerLogps: [], finishReason: 'stop' },
    rewards: { format: 1, score: task },
    total: 1 + task,
    advantage: 0.1,
  };
});

const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0);

const trackers: Record<string, (run: string) => Tracker> = {
  'metrics.jsonl and rollouts.jsonl': jsonlTracker,
  tensorboard: (run) => tensorboardTracker(run),
  'tensorboard, figures alone': (run) => tensorboardTracker(run, { completionsEvery: STEPS }),
  wandb: (run) => wandbTracker(run),
  alarms: (run) => alarmTracker(run, []),
};
console.log('milliseconds a step: mean, median, 99 % · MB on disk');
for (const [name, open] of Object.entries(trackers)) {
  const run = mkdtempSync(join(tmpdir(), 'q-insight-bench-'));
  writeRunSettings(run, loadSettings('recipes/tiny.yaml'));
  const track = open(run);
  await track({ type: 'start', step: 0, steps: STEPS });
  const times: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const began = performance.now();
    await track({ type: 'step', step, steps: STEPS, metrics, rollouts });
    times.push(performance.now() - began);
  }
  const mean = times.reduce((sum, time) => sum + time, 0) / STEPS;
  times.sort((a, b) => a - b);
  const figures = [mean, times[STEPS / 2]!, times[Math.floor(0.99 * STEPS)]!].map((time) => time.toFixed(2));
  console.log(`${name}: ${figures.join(', ')} · ${(bytesIn(run) / 1e6).toFixed(1)}`);
  rmSync(run, { recursive: true });
}
const python = process.env['PYTHON'];
if (python) console.log(execFileSync(python, ['bench/tracking/peer.py', String(STEPS)], { encoding: 'utf8' }).trim());
