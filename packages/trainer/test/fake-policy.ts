import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ndarray from 'ndarray';
import seedrandom from 'seedrandom';
import type { Dataset, Prompt } from '../src/data/prompt.js';
import type { Completion, Matrix, Policy, Sequence } from '../src/policies/policy.js';

/** The words the fake model can say; the last one ends its answer. */
export const WORDS = [
  '<think>looks soft</think>',
  '<answer>{"distortion_class": "blur", "severity": "obvious"}</answer>',
  '<answer>{"distortion_class": "noise", "severity": "slight"}</answer>',
  'hm',
  '',
];
const END = WORDS.length - 1;

const logSoftmax = (logits: readonly number[]): number[] => {
  const top = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, value) => sum + Math.exp(value - top), 0)) + top;
  return logits.map((value) => value - total);
};

const entropyOf = (logps: readonly number[]): number => -logps.reduce((sum, logp) => sum + Math.exp(logp) * logp, 0);

/** One answer drawn from logits [positions, words]; the tokens are places in {@link WORDS}. */
export function drawFrom(
  logits: readonly (readonly number[])[],
  seed: string,
  temperature: number,
  maxTokens: number,
): Completion {
  const random = seedrandom(seed);
  const tokens: number[] = [];
  const samplerLogps: number[] = [];
  while (tokens.length < Math.min(maxTokens, logits.length) && tokens.at(-1) !== END) {
    const row = logits[tokens.length]!;
    const logps = logSoftmax(row.map((value) => value / (temperature || 1)));
    let word = logps.indexOf(Math.max(...logps));
    if (temperature > 0) {
      let left = random();
      word = logps.findIndex((logp) => (left -= Math.exp(logp)) < 0);
      if (word < 0) word = END;
    }
    tokens.push(word);
    samplerLogps.push(logps[word]!);
  }
  const finishReason = tokens.at(-1) === END ? 'stop' : 'length';
  return { tokens, samplerLogps, finishReason, text: tokens.map((word) => WORDS[word]!).join('') };
}

/**
 * A language model of a few parameters: logits by position, the prompt ignored, plain gradient descent. Small enough that
 * its gradient is exact by inspection: dlogp(w)/dlogit(v) = [v = w] - p(v). It starts with a leaning towards thinking
 * first, as a cold start would give it: without one the layout is too rare to be found.
 */
export function fakePolicy(positions = 4): Policy {
  const fresh = () => Array.from({ length: positions }, () => WORDS.map(() => 0));
  const start = () => fresh().map((row, t) => row.map((_, word) => (t === 0 && word === 0 ? 2 : 0)));
  let logits: number[][] = start();
  let reference: number[][] = start();
  let gradient = fresh();
  let updates = 0;

  const logpsOf = (sequences: readonly Sequence[], weights: number[][], temperature = 1): Matrix => {
    const columns = Math.max(1, ...sequences.map(({ completion }) => completion.length));
    const out = ndarray(new Float64Array(sequences.length * columns), [sequences.length, columns]);
    sequences.forEach(({ completion }, row) =>
      completion.forEach((word, t) =>
        out.set(row, t, logSoftmax(weights[t]!.map((value) => value / temperature))[word]!),
      ),
    );
    return out;
  };

  const entropiesOf = (sequences: readonly Sequence[], temperature: number): Matrix => {
    const out = logpsOf(sequences, logits, temperature);
    const at = logits.map((row) => entropyOf(logSoftmax(row.map((value) => value / temperature))));
    sequences.forEach(({ completion }, row) => completion.forEach((_, t) => out.set(row, t, at[t]!)));
    return out;
  };

  return {
    sample: (prompts, { groupSize, temperature, maxTokens, seed }) =>
      Promise.resolve(
        prompts.map(({ id }) =>
          Array.from({ length: groupSize }, (_, g) => drawFrom(logits, `${seed}/${id}/${g}`, temperature, maxTokens)),
        ),
      ),
    logprobs: (sequences, { weights = 'policy', temperature = 1 } = {}) =>
      Promise.resolve(logpsOf(sequences, weights === 'policy' ? logits : reference, temperature)),
    entropies: (sequences, { temperature = 1 } = {}) => Promise.resolve(entropiesOf(sequences, temperature)),
    forwardBackward: (sequences, loss, { temperature = 1, entropies = false } = {}) => {
      const all = logits.map((row) => logSoftmax(row.map((value) => value / temperature)));
      const entropyAt = all.map(entropyOf);
      const logps = logpsOf(sequences, logits, temperature);
      const result = loss(logps, entropies ? entropiesOf(sequences, temperature) : undefined);
      sequences.forEach(({ completion }, row) =>
        completion.forEach((word, t) => {
          const slope = result.gradient.get(row, t) / temperature;
          const bonus = (result.entropyGradient?.get(row, t) ?? 0) / temperature;
          all[t]!.forEach((logp, v) => {
            gradient[t]![v]! += slope * ((v === word ? 1 : 0) - Math.exp(logp));
            gradient[t]![v]! -= bonus * Math.exp(logp) * (logp + entropyAt[t]!);
          });
        }),
      );
      return Promise.resolve(result);
    },
    optimizerStep: ({ learningRate }) => {
      const gradientNorm = Math.hypot(...gradient.flat());
      logits = logits.map((row, t) => row.map((value, v) => value - learningRate * gradient[t]![v]!));
      gradient = fresh();
      updates++;
      return Promise.resolve({ gradientNorm });
    },
    syncReference: (alpha) => {
      reference = reference.map((row, t) => row.map((value, v) => alpha * logits[t]![v]! + (1 - alpha) * value));
      return Promise.resolve();
    },
    save: (folder, content = 'resumable') => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'fake.json'), JSON.stringify({ logits, updates, reference }));
      if (content === 'resumable') writeFileSync(join(folder, 'optimizer'), '');
      return Promise.resolve();
    },
    load: (folder) => {
      ({ logits, updates, reference } = JSON.parse(readFileSync(join(folder, 'fake.json'), 'utf8')) as {
        logits: number[][];
        updates: number;
        reference: number[][];
      });
      return Promise.resolve();
    },
    dispose: () => undefined,
  };
}

/** Prompts that all want the same answer: obvious blur. */
export function fakeDataset(length = 6): Dataset {
  const image = (i: number) => ({ name: `photo-${i}.jpg`, width: 4, height: 4, data: new Uint8Array(48).fill(i * 20) });
  return {
    length,
    get: (index) =>
      Promise.resolve<Prompt>({
        id: `blur-${index}`,
        label: { task: 'degradation', distortionClass: 'blur', level: 'obvious' },
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', image: image(index) },
              { type: 'text', text: 'What is wrong?' },
            ],
          },
        ],
      }),
  };
}
