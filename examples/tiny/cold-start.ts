// Makes the checkpoint that the tiny recipe starts from, by supervised training, in two commands:
//
//   node --conditions=@q-insight/source --import tsx examples/tiny/cold-start.ts vision  --out runs/tiny-vision --minutes 40
//   node --conditions=@q-insight/source --import tsx examples/tiny/cold-start.ts decoder --from runs/tiny-vision --out examples/tiny/checkpoint --minutes 6 --learning-rate 1.5e-3
//
// `vision` trains everything on captions, long. It writes every few minutes and at the end; --from goes on from an
// earlier result. `decoder` keeps the vision tower, starts the decoder anew and trains it to imitate a careless annotator
// (answers.ts). So the model sees what is there and the right answer is its likeliest, but what it samples is often
// wrong or broken, as with a vision-language model before reinforcement learning. quality.json, beside the weights, says
// how good the result is on held-out photographs.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readSplit } from '../../packages/trainer/src/data/photos.js';
import { decodeImage } from '../../packages/trainer/src/images/decode.js';
import { readTokenizer } from '../../packages/trainer/src/models/qwen2.5-vl/tokenizer.js';
import { openCheckpoint } from '../../packages/trainer/src/models/qwen2.5-vl/weights.js';
import type { Policy } from '../../packages/trainer/src/policies/policy.js';
import { createTfjsPolicy } from '../../packages/trainer/src/policies/tfjs/index.js';
import { openExamplePool, type ExamplePool } from './example-pool.js';
import { PHOTOS } from './examples.js';
import { figuresLine, measureAnswers, measureCaptions } from './measure.js';
import { initialValues, randomValues, tinyConfig, TOKENIZER, writeTinyCheckpoint } from './model.js';
import { supervise, type SuperviseStep } from './supervise.js';

const { positionals, values: flags } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    from: { type: 'string' },
    minutes: { type: 'string' },
    ladder: { type: 'string', default: 'lite' },
    batch: { type: 'string', default: '32' },
    'micro-batch': { type: 'string', default: '32' },
    'learning-rate': { type: 'string' },
    'weight-decay': { type: 'string', default: '0.05' },
    pool: { type: 'string', default: '6000' },
    'measure-minutes': { type: 'string', default: '5' },
    'measure-prompts': { type: 'string', default: '400' },
    seed: { type: 'string', default: 'tiny' },
  },
});

const usage = 'usage: cold-start.ts vision|decoder --out FOLDER --minutes N [--from FOLDER] [--ladder lite|full] [--batch N] [--micro-batch N] [--learning-rate X] [--weight-decay X] [--pool N] [--measure-minutes N] [--measure-prompts N] [--seed S]'; // prettier-ignore
const number = (
  name:
    | 'minutes'
    | 'batch'
    | 'micro-batch'
    | 'learning-rate'
    | 'weight-decay'
    | 'pool'
    | 'measure-minutes'
    | 'measure-prompts',
  fallback?: number,
) => {
  const value = flags[name] === undefined ? fallback : Number(flags[name]);
  if (value === undefined || !(value >= 0)) throw new Error(`--${name} must be a number\n${usage}`);
  return value;
};
const { out, from, ladder, seed } = flags;
if (out === undefined || (ladder !== 'lite' && ladder !== 'full')) throw new Error(usage);
const minutes = number('minutes');
const measured = number('measure-prompts');
const source = { ladder, seed } as const;

if (positionals[0] === 'vision') await trainVision(out);
else if (positionals[0] === 'decoder') await trainDecoder(out);
else throw new Error(usage);

async function trainVision(folder: string): Promise<void> {
  if (from === undefined) {
    const photos = await Promise.all(readSplit(PHOTOS, 'train').map((name) => decodeImage(path.join(PHOTOS, name))));
    const config = await tinyConfig();
    console.log('computing the whitening filters');
    await writeTinyCheckpoint(folder, config, initialValues(config, seed, photos));
  }
  const policy = await openPolicy(from ?? folder, false);
  if (from !== undefined) await policy.load(from); // the optimizer's state too
  // Steps of an earlier run are not repeated on the same images.
  const name = from === undefined ? seed : `${seed}/${Date.now()}`;
  const keep = async (step: SuperviseStep) => {
    const quality = await measureCaptions(policy, source, measured);
    const { count, ...figures } = quality;
    const line = Object.entries(figures).map(([key, value]) => `${key} ${value?.toFixed(3) ?? '-'}`);
    console.log(`  ${count} held-out captions: ${line.join(', ')}`);
    await save(policy, folder, { phase: 'vision', step: step.step, captions: quality });
  };
  await run(policy, openExamplePool('captions', { ...source, seed: name, side: 'train' }, number('pool')), {
    learningRate: 1e-3,
    keep,
  });
}

async function trainDecoder(folder: string): Promise<void> {
  if (from === undefined) throw new Error(`decoder needs --from\n${usage}`);
  const checkpoint = await openCheckpoint(from);
  const values = randomValues(checkpoint.config, `${seed}/decoder`);
  for (const { name } of checkpoint.tensors) {
    if (name.startsWith('model.visual.')) values.set(name, await checkpoint.read(name));
  }
  await writeTinyCheckpoint(folder, checkpoint.config, values);
  const policy = await openPolicy(folder, true);
  const keep = async (step: SuperviseStep) => {
    const quality = await measureAnswers(policy, source, measured);
    console.log(`  T=1    ${figuresLine(quality.sampled)}\n  greedy ${figuresLine(quality.greedy)}`);
    console.log(quality.examples.map((text) => `  ${text}`).join('\n'));
    await save(policy, folder, { phase: 'decoder', step: step.step, ...quality });
    rmSync(path.join(folder, 'optimizer.safetensors')); // GRPO starts with an optimizer of its own
  };
  await run(policy, openExamplePool('answers', { ...source, side: 'train' }, number('pool')), {
    learningRate: 2e-3,
    keep,
  });
}

async function openPolicy(checkpoint: string, freezeVision: boolean): Promise<Policy> {
  const optimizer = { weightDecay: number('weight-decay'), beta2: 0.99 };
  return createTfjsPolicy({ checkpoint, train: 'full', freezeVision, seed, keep: 'everything', optimizer });
}

interface RunOptions {
  readonly learningRate: number;
  /** Measures and saves. */
  readonly keep: (step: SuperviseStep) => Promise<void>;
}

async function run(policy: Policy, pool: ExamplePool, { learningRate, keep }: RunOptions): Promise<void> {
  const tokenizer = await readTokenizer(TOKENIZER);
  let last: SuperviseStep | undefined;
  let kept = 0;
  let average = 0;
  await supervise(policy, {
    minutes,
    batchSize: number('batch'),
    microBatch: number('micro-batch'),
    learningRate: number('learning-rate', learningRate),
    warmupSteps: 30,
    maxGradientNorm: 1,
    encode: (text) => tokenizer.encode(`${text}<|im_end|>`),
    nextBatch: (size) => pool.batch(size),
    onStep: async (step) => {
      last = step;
      average = step.step === 1 ? step.loss : 0.95 * average + 0.05 * step.loss;
      if (step.step % 10 === 0) {
        const time = `${step.minutes.toFixed(1)} of ${minutes} min`;
        console.log(
          `step ${step.step}  ${time}  loss ${average.toFixed(3)}  |g| ${step.gradientNorm.toFixed(2)}  images ${pool.made()}`,
        );
      }
      if (step.minutes - kept < number('measure-minutes')) return;
      await keep(step);
      kept = step.minutes;
    },
  });
  if (last !== undefined) await keep(last);
  pool.close();
  policy.dispose();
}

async function save(policy: Policy, folder: string, quality: Record<string, unknown>): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await policy.save(folder);
  const settings = { ...flags, minutes };
  writeFileSync(path.join(folder, 'quality.json'), `${JSON.stringify({ ...quality, settings }, null, 2)}\n`);
}
