// The timed side of ours: ours.ts CHECKPOINT STEPS. Prints one JSON line. The backend is $Q_INSIGHT_BACKEND's.
import { groupAdvantages, grpoLoss, presets } from '@q-insight/core';
import { chooseBackend, createTfjsPolicy, type Prompt } from '@q-insight/trainer';
import ndarray from 'ndarray';

const [checkpoint, stepCount] = process.argv.slice(2);
const STEPS = Number(stepCount ?? 12);
const WARM_UP = 3; // compiles, and fills caches
const [GROUP, PROMPTS, TOKENS, BETA] = [8, 2, 48, 0.001];

/** The same picture as in trl_side.py: a ramp, shifted by the prompt. */
function picture(seed: number) {
  const data = Uint8Array.from(
    { length: 112 * 112 * 3 },
    (_, i) => (i * 7 + seed * 31 + Math.floor(i / 336) * 3) % 256,
  );
  return { name: `picture ${seed}`, width: 112, height: 112, data };
}
const promptOf = (seed: number): Prompt => ({
  id: String(seed),
  messages: [
    {
      role: 'user',
      content: [
        { type: 'image', image: picture(seed) },
        { type: 'text', text: 'Rate the quality of this picture from 1 to 5, and say what you see in it.' },
      ],
    },
  ],
  label: { task: 'score', score: 3 },
});
/** The share of digits in a text, and whether it is long: as in trl_side.py. */
const rewardOf = (text: string): number =>
  text.replaceAll(/\D/g, '').length / Math.max(1, text.length) + (text.length > 60 ? 0.5 : 0);

const backend = await chooseBackend();
const policy = await createTfjsPolicy({
  checkpoint: checkpoint!,
  train: 'lora',
  lora: { rank: 8, alpha: 16 },
  reference: true,
  seed: 'bench',
});
const parts = { generation: 0, reference: 0, forward: 0, backward: 0, optimizer: 0 };
const times: (typeof parts & { step: number })[] = [];
let tokens = 0;
for (let step = 0; step < STEPS + WARM_UP; step++) {
  const now = { ...parts, step: 0 };
  const clock = async <T>(part: keyof typeof parts, run: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await run();
    now[part] += performance.now() - start;
    return result;
  };
  const start = performance.now();
  const prompts = Array.from({ length: PROMPTS }, (_, i) => promptOf(step * PROMPTS + i));
  const sampling = { groupSize: GROUP, maxTokens: TOKENS, temperature: 1, seed: `${step}` };
  const groups = await clock('generation', () => policy.sample(prompts, sampling));
  const rewards = groups.flat().map(({ text }) => rewardOf(text));
  const ids = groups.flatMap((group, p) => group.map(() => String(p)));
  const { advantages } = groupAdvantages(rewards, ids, presets.trl.advantages);
  const sequences = groups.flatMap((group, p) =>
    group.map((completion) => ({ prompt: prompts[p]!, completion: completion.tokens })),
  );
  const refLogps = await clock('reference', () => policy.logprobs(sequences, { weights: 'reference' }));
  const longest = Math.max(...sequences.map(({ completion }) => completion.length));
  const mask = ndarray(new Float32Array(sequences.length * longest), [sequences.length, longest]);
  sequences.forEach(({ completion }, row) => completion.forEach((_, token) => mask.set(row, token, 1)));
  tokens += sequences.reduce((sum, { completion }) => sum + completion.length, 0);
  const forwardStart = performance.now();
  await policy.forwardBackward(sequences, (logps) => {
    const options = { ...presets.trl.loss, kl: { ...presets.trl.loss.kl, coefficient: BETA } };
    const { loss, gradient } = grpoLoss({ logps, refLogps, mask, advantages }, options);
    now.forward = performance.now() - forwardStart; // the loss is part of it, as in TRL's compute_loss
    return { loss, gradient, metrics: {} };
  });
  now.backward = performance.now() - forwardStart - now.forward;
  await clock('optimizer', () => policy.optimizerStep({ learningRate: 1e-5, maxGradientNorm: 1 }));
  now.step = performance.now() - start;
  if (step >= WARM_UP) times.push(now);
}
const median = (key: keyof (typeof times)[number]): number => {
  const sorted = times.map((time) => time[key]).sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)]! * 10) / 10;
};
console.log(
  JSON.stringify({
    system: `ours, ${backend}`,
    ...Object.fromEntries(
      (['step', 'generation', 'reference', 'forward', 'backward', 'optimizer'] as const).map((key) => [
        key,
        median(key),
      ]),
    ),
    peakMB: Math.round(process.resourceUsage().maxRSS / 1000),
    tokensPerStep: Math.round(tokens / (STEPS + WARM_UP)),
  }),
);
process.exit(0);
