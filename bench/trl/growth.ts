// How a step grows with tokens, with completions and over time: growth.ts [STEPS]. The backend is $Q_INSIGHT_BACKEND's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseBackend, createTfjsPolicy, type Policy, type Prompt } from '@q-insight/trainer';
import * as tf from '@tensorflow/tfjs';
import ndarray from 'ndarray';
import { randomValues, tinyConfig, writeTinyCheckpoint } from '../../examples/tiny/model.js';

const STEPS = Number(process.argv[2] ?? 2000);

/** A prompt of words alone. */
const promptOf = (id: string, text: string): Prompt => ({
  id,
  messages: [{ role: 'user', content: [{ type: 'text', text }] }],
  label: { task: 'score', score: 3 },
});

interface Times {
  readonly sample: number;
  readonly train: number;
}

/** One step on completions of exactly this length, whatever the model draws. */
async function step(policy: Policy, prompt: Prompt, groupSize: number, tokens: number, seed: string): Promise<Times> {
  const start = performance.now();
  const [group] = await policy.sample([prompt], { groupSize, maxTokens: tokens, temperature: 1, seed });
  const sampled = performance.now();
  const sequences = group!.map((completion) => ({
    prompt,
    completion: Array.from({ length: tokens }, (_, i) => completion.tokens[i % completion.tokens.length]!),
  }));
  const gradient = ndarray(new Float32Array(groupSize * tokens).fill(1e-3), [groupSize, tokens]);
  await policy.logprobs(sequences, { weights: 'reference' });
  await policy.forwardBackward(sequences, () => ({ loss: 0, gradient, metrics: {} }));
  await policy.optimizerStep({ learningRate: 1e-6, maxGradientNorm: 1 });
  return { sample: sampled - start, train: performance.now() - sampled };
}

/** Medians of nine steps after two, which compile. */
async function typical(policy: Policy, prompt: Prompt, groupSize: number, tokens: number): Promise<Times> {
  const times: Times[] = [];
  for (let i = 0; i < 11; i++) times.push(await step(policy, prompt, groupSize, tokens, `${i}`));
  const median = (part: keyof Times): number => times.slice(2).map((time) => time[part]).sort((a, b) => a - b)[4]!; // prettier-ignore
  return { sample: median('sample'), train: median('train') };
}

const show = (...cells: (string | number)[]): void =>
  console.log(`| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell)).join(' | ')} |`);

const checkpoint = mkdtempSync(join(tmpdir(), 'growth-'));
const config = await tinyConfig();
await writeTinyCheckpoint(checkpoint, config, randomValues(config, 'bench'));
const backend = await chooseBackend();
const policy = await createTfjsPolicy({
  checkpoint,
  train: 'lora',
  lora: { rank: 8 },
  reference: true,
  seed: 'growth',
});
const short = promptOf('short', 'Rate it.');
const long = promptOf('long', 'Rate the quality of this picture from 1 to 5. '.repeat(16));
await step(policy, short, 1, 2, 'start');

console.log(`on ${backend}, milliseconds\n`);
show('8 completions of n tokens', 'sampling', 'training');
show('---', '---', '---');
for (const tokens of [25, 49, 97, 193]) {
  const { sample, train } = await typical(policy, short, 8, tokens);
  show(`${tokens}`, sample, train);
}
console.log();
show('G completions of 25 tokens, long prompt', 'sampling', 'training', 'both over G');
show('---', '---', '---', '---');
for (const groupSize of [1, 2, 4, 8, 16]) {
  const { sample, train } = await typical(policy, long, groupSize, 25);
  show(`${groupSize}`, sample, train, (sample + train) / groupSize);
}
console.log();
show(`tiny steps`, 'ms a step', 'resident MB', 'tensors', "TensorFlow's own tensors");
show('---', '---', '---', '---', '---');
let since = performance.now();
for (let i = 1; i <= STEPS; i++) {
  await step(policy, short, 2, 9, `${i}`);
  if (i % Math.ceil(STEPS / 8) !== 0) continue;
  globalThis.gc?.();
  const { numTensors, nativeTensors } = tf.memory() as tf.MemoryInfo & { nativeTensors?: number };
  const each = (performance.now() - since) / Math.ceil(STEPS / 8);
  show(`${i}`, each, process.memoryUsage().rss / 1e6, `${numTensors}`, `${nativeTensors ?? '-'}`);
  since = performance.now();
}
policy.dispose();
rmSync(checkpoint, { recursive: true });
process.exit(0);
