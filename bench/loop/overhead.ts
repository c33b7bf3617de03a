// What a step of the tiny recipe spends outside of the model: overhead.ts [STEPS]. Q_INSIGHT_BACKEND chooses the engine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realParts } from '../../packages/trainer/src/cli/real-parts.js';
import { loadSettings } from '../../packages/trainer/src/config/load.js';
import { writeRunSettings } from '../../packages/trainer/src/config/run-folder.js';
import { train } from '../../packages/trainer/src/loop.js';
import type { Policy } from '../../packages/trainer/src/policies/policy.js';
import { openTrackers } from '../../packages/trainer/src/tracking/trackers.js';
import { rewardsOf } from '../../packages/trainer/src/training/rewards.js';

const steps = Number(process.argv[2] ?? 30);
const WARM_UP = 6; // the first steps compile, and decode the photographs
const folder = mkdtempSync(join(tmpdir(), 'q-insight-overhead-'));
const settings = { ...loadSettings('recipes/tiny.yaml'), steps: WARM_UP + steps, saveEvery: 10 };
writeRunSettings(folder, settings);

let [model, data] = [0, 0];
async function timed<T>(add: (ms: number) => void, call: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await call();
  } finally {
    add(performance.now() - start);
  }
}
const inModel = <T>(call: () => Promise<T>) => timed((ms) => (model += ms), call);
// The loss is computed within forwardBackward, but it is not the model's.
let loss = 0;
const opened = await realParts.openPolicy(settings.model, { reference: true, seed: '0/model', optimizer: settings.optimizer }); // prettier-ignore
const policy: Policy = {
  ...opened,
  sample: (...request) => inModel(() => opened.sample(...request)),
  logprobs: (...request) => inModel(() => opened.logprobs(...request)),
  forwardBackward: (sequences, lossOf, options) =>
    inModel(() =>
      opened.forwardBackward(
        sequences,
        (logps) => {
          const start = performance.now();
          const result = lossOf(logps);
          loss += performance.now() - start;
          return result;
        },
        options,
      ),
    ),
  optimizerStep: (...request) => inModel(() => opened.optimizerStep(...request)),
};
const source = await realParts.openDataset(settings.data.train, 'train', '0/train');
let pending = 0;
let since = 0;
const dataset = {
  ...source,
  // Prompts are made side by side: the time in which any is being made.
  get: async (index: number) => {
    if (pending++ === 0) since = performance.now();
    return source.get(index).finally(() => {
      if (--pending === 0) data += performance.now() - since;
    });
  },
};

let start = 0;
const trackers = openTrackers(folder, settings, {});
await train({
  settings,
  folder,
  policy,
  dataset,
  ...rewardsOf(settings.rewards),
  trackers: [
    ...trackers,
    (event) => {
      if (event.type !== 'step' || event.step !== WARM_UP) return;
      [model, data, loss, start] = [0, 0, 0, performance.now()];
    },
  ],
});
const whole = performance.now() - start;
opened.dispose();
rmSync(folder, { recursive: true });

const line = (what: string, ms: number) =>
  console.log(`${what.padEnd(44)} ${(ms / steps).toFixed(1).padStart(8)} ms a step ${((100 * ms) / whole).toFixed(1).padStart(6)} %`); // prettier-ignore
console.log(`${steps} steps of recipes/tiny.yaml, 128 answers each`);
line('whole', whole);
line('model', model - loss);
line('making prompts (crop, degrade, SSIM)', data);
line('loss on the host', loss);
line('order, rewards, advantages, trackers, saving', whole - model - data);
