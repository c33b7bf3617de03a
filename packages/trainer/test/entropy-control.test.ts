import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { AdaptiveEntropy } from '@q-insight/core';
import ndarray from 'ndarray';
import { listCheckpoints } from '../src/checkpoints.js';
import type { Recipe } from '../src/config/schema.js';
import type { LossResult, Matrix, Policy } from '../src/policies/policy.js';
import { sampleElsewhere } from '../src/policies/samplers/sampled-policy.js';
import type { Sampler } from '../src/policies/samplers/sampler.js';
import { initialEntropy } from '../src/training/entropy-control.js';
import { lossOptions } from '../src/training/loss-options.js';
import type { MicroBatch } from '../src/training/micro-batch.js';
import { updatePolicy } from '../src/training/update-policy.js';
import { fakePolicy } from './fake-policy.js';
import { fakeSettings } from './fake-run.js';
import { temporaryFolder } from './helpers/temporary.js';
import { trainSteps } from './helpers/train-steps.js';

type EntropySettings = NonNullable<NonNullable<Recipe['grpo']>['entropy']>;

const settingsOf = (entropy: EntropySettings, grpo: Recipe['grpo'] = {}, changes: Partial<Recipe> = {}) =>
  fakeSettings({
    grpo: { groupSize: 8, promptsPerStep: 4, maxTokens: 4, microBatch: 5, ...grpo, entropy },
    ...changes,
  });

const matrix = (rows: readonly (readonly number[])[]) =>
  ndarray(Float64Array.from(rows.flat()), [rows.length, rows[0]!.length]);

/** What a model would give for the completions of a micro-batch, one row each; `lengths` are those of the completions. */
interface Given {
  readonly lengths: readonly number[];
  readonly logps: readonly (readonly number[])[];
  readonly entropies: readonly (readonly number[])[];
  readonly advantages: readonly number[];
}

function batchOf({ lengths, logps, advantages }: Given): MicroBatch {
  const mask = matrix(logps.map((row, i) => row.map((_, t) => (t < lengths[i]! ? 1 : 0))));
  return {
    sequences: lengths.map((length) => ({ prompt: { id: '', messages: [], label: { task: 'none' } }, completion: Array.from({ length }, () => 0) })), // prettier-ignore
    advantages,
    mask,
    weights: mask,
    policyWeights: undefined,
    samplerLogps: matrix(logps),
  };
}

/** Answers for the micro-batches with what is given, in whatever order it is asked; keeps what the loss gives back of each update. */
function stubPolicy(batches: readonly MicroBatch[], given: readonly Given[], updates: readonly (readonly Given[])[]) {
  const results: LossResult[] = [];
  const place = (sequences: MicroBatch['sequences']) => batches.findIndex((batch) => batch.sequences === sequences);
  const policy: Policy = {
    ...fakePolicy(),
    logprobs: (sequences) => Promise.resolve<Matrix>(matrix(given[place(sequences)]!.logps)),
    entropies: (sequences) => Promise.resolve<Matrix>(matrix(given[place(sequences)]!.entropies)),
    forwardBackward: (sequences, loss) => {
      const update = updates[Math.floor(results.length / batches.length)]!;
      const { logps, entropies } = update[place(sequences)]!;
      const result = loss(matrix(logps), matrix(entropies));
      results.push(result);
      return Promise.resolve(result);
    },
    optimizerStep: () => Promise.resolve({ gradientNorm: 1 }),
  };
  return { policy, results };
}

async function update(
  given: readonly Given[],
  entropy: EntropySettings,
  more: {
    readonly grpo?: Recipe['grpo'];
    readonly state?: AdaptiveEntropy;
    /** What the passes of each update give. @defaultValue one update on what is given */
    readonly updates?: readonly (readonly Given[])[];
  } = {},
) {
  const { grpo } = settingsOf(entropy, { beta: 0, ...more.grpo });
  const batches = given.map(batchOf);
  const { policy, results } = stubPolicy(batches, given, more.updates ?? [given]);
  const options = { step: 1, grpo, maths: lossOptions(grpo), optimizer: { learningRate: 1, maxGradientNorm: 1 } };
  const updated = await updatePolicy(policy, batches, {
    ...options,
    entropy: more.state ?? initialEntropy(grpo.entropy),
  });
  return { ...updated, results };
}

interface AdaptiveCase {
  readonly fn: string;
  readonly target: number;
  readonly coef0: number;
  readonly delta: number;
  readonly gradAccum: number;
  readonly steps: (Omit<Given, 'lengths'> & {
    readonly mask: number[][];
    readonly gradEntropies: number[][];
    readonly coefAfter: number;
  })[];
}

describe("TRL's adaptive entropy", () => {
  const file = new URL('../../core/test/golden/misc_trl.json', import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: AdaptiveCase[] };
  const adaptive = cases.filter(({ fn }) => fn === 'adaptive_entropy');
  const count = (mask: number[][]) => mask.flat().reduce((sum, one) => sum + one, 0);

  test('has cases in which the bonus acts, and rests', () => {
    const gradients = adaptive.flatMap(({ steps }) => steps.map((step) => step.gradEntropies[0]![0] !== 0));
    expect(new Set(gradients)).toEqual(new Set([true, false]));
  });

  test.each(adaptive)('is followed update by update (target $target)', async ({ steps, gradAccum, ...c }) => {
    let state: AdaptiveEntropy | undefined;
    for (let first = 0; first < steps.length; first += gradAccum) {
      const window = steps.slice(first, first + gradAccum);
      const given = window.map((one) => ({ ...one, lengths: one.mask.map((row) => count([row])) }));
      const settings = { coefficient: c.coef0, adaptive: { target: c.target, step: c.delta } };
      const { entropy, results, metrics } = await update(given, settings, state && { state });
      // TRL's mean is over a micro-batch, halved; ours over the tokens of both
      const theirs = -window[0]!.gradEntropies[0]![0]! * count(window[0]!.mask) * gradAccum;
      expect(metrics['entropy_coefficient']).toBeCloseTo(theirs, 9); // written with 9 digits
      const tokens = window.reduce((sum, { mask }) => sum + count(mask), 0);
      const ours = results[0]!.entropyGradient?.get(0, 0) ?? 0;
      expect(ours * tokens).toBeCloseTo(-theirs, 9);
      expect(entropy.coefficient).toBeCloseTo(window.at(-1)!.coefAfter, 12); // sums of 0.005
      state = entropy;
    }
  });
});

const given: Given[] = [
  { lengths: [3, 1], advantages: [1, -2], logps: [[-1, -0.5, -2], [-0.3, 0, 0]], entropies: [[0.125, 2, 0.25], [1, 9, 9]] }, // prettier-ignore
  { lengths: [2], advantages: [0.7], logps: [[-0.2, -1.4]], entropies: [[0.1875, 3]] },
];

describe('the tokens of highest entropy', () => {
  test('alone have a policy loss, over all micro-batches of a step; what lies past the end of an answer is not counted', async () => {
    // of [0.125, 2, 0.25, 1, 0.1875, 3] half: the median 0.625 parts them
    const { metrics, results } = await update(given, { share: 0.5 });
    expect(metrics).toMatchObject({ entropy_threshold: 0.625, entropy_kept: 2, tokens: 6 });
    expect(results.map(({ gradient }) => [...gradient.data].map((slope) => slope !== 0))).toEqual([
      [false, true, false, true, false, false],
      [false, true],
    ]);
    const all = await update(given, {});
    expect(results[0]!.gradient.get(0, 1)).toBe(all.results[0]!.gradient.get(0, 1)); // weights are those of all tokens
  });

  test('still leave a KL on every token', async () => {
    const { results } = await update(
      given,
      { share: 0.5 },
      { grpo: { beta: 0.1 }, updates: [moved(given, 'logps', 0.1)] },
    );
    expect(results.flatMap(({ gradient }) => [...gradient.data]).filter((slope) => slope !== 0)).toHaveLength(6);
  });

  test('are those of which the bonus is the mean, and the entropy that is steered', async () => {
    const steered = { share: 0.5, coefficient: 0.375, adaptive: { target: 1.9 } };
    const { results, entropy } = await update(given, steered, { state: { coefficient: 0.375, active: true } });
    expect(results.map(({ entropyGradient }) => [...entropyGradient!.data].map((slope) => slope + 0))).toEqual([
      [0, -0.125, 0, -0.125, 0, 0],
      [0, -0.125],
    ]);
    expect(entropy).toEqual({ coefficient: 0.37, active: false }); // 2 > 1.9, the mean of all is 1.09
  });
});

/** One entry moved, or all of them. */
function moved(from: readonly Given[], what: 'logps' | 'entropies', by: number, only?: readonly number[]): Given[] {
  return from.map((one, b) => ({
    ...one,
    [what]: one[what].map((row, i) =>
      row.map((value, t) => (only === undefined || [b, i, t].join() === only.join() ? value + by : value)),
    ),
  }));
}

test.each(['logps', 'entropies'] as const)('the gradient over %s is that of finite differences', async (what) => {
  const entropy = { share: 0.5, coefficient: 0.3 };
  // in the second update log-probs have a ratio to those of the first; clipping starts beyond 0.2
  const grpo = { innerEpochs: 2, clipLow: 0.2, clipHigh: 0.2 };
  const lossAt = async (shifted: readonly Given[]) => {
    const { results } = await update(given, entropy, { grpo, updates: [given, shifted] });
    const second = results.slice(given.length);
    return { loss: second.reduce((sum, { loss }) => sum + loss, 0), results: second };
  };
  const { results } = await lossAt(given);
  const h = 1e-5;
  for (const [b, { lengths }] of given.entries()) {
    for (const [i, length] of lengths.entries()) {
      for (let t = 0; t < length; t++) {
        const at = async (by: number) => (await lossAt(moved(given, what, by, [b, i, t]))).loss;
        const slope = ((await at(h)) - (await at(-h))) / (2 * h);
        const { gradient, entropyGradient } = results[b]!;
        // h² of the third derivative, and losses near 1 of which 1e-16 is lost, over h: both below 1e-9
        expect((what === 'logps' ? gradient : entropyGradient!).get(i, t)).toBeCloseTo(slope, 8);
      }
    }
  }
});

describe('a run', () => {
  const entropiesOf = async (entropy: EntropySettings, grpo: Recipe['grpo'] = {}) => {
    const { steps } = await trainSteps({ settings: settingsOf(entropy, grpo, { steps: 30 }) });
    return steps.map(({ metrics }) => metrics['entropy']);
  };

  test('with a bonus stays undecided, and is the same however a step is cut', async () => {
    const [little, much] = [await entropiesOf({ coefficient: 1e-9 }), await entropiesOf({ coefficient: 0.3 })];
    expect(little[0]).toBe(much[0]);
    expect(much.at(-1)!).toBeGreaterThan(2 * little.at(-1)!);
    const cut = await entropiesOf({ coefficient: 0.3 }, { microBatch: 32 });
    much.forEach((value, i) => expect(cut[i]!).toBeCloseTo(value!, 9)); // sums in another order
    expect((await entropiesOf({})).every((value) => value === undefined)).toBe(true);
  });

  test('with a target keeps its entropy near it, where it would fall far below', async () => {
    const adaptive = { target: 1.2, step: 0.1 };
    const [free, steered] = [await entropiesOf({ coefficient: 1e-9 }), await entropiesOf({ adaptive })];
    expect(free.at(-1)!).toBeLessThan(0.5);
    expect(steered.at(-1)!).toBeGreaterThan(0.9);
  });

  test.each([5, 32])('learns from the top tokens alone, however it is cut (microBatch %d)', async (microBatch) => {
    const settings = settingsOf({ share: 0.4 }, { microBatch }, { steps: 4 });
    const whole = settingsOf({ share: 0.4 }, { microBatch: 11 }, { steps: 4 });
    const [cut, other] = [await trainSteps({ settings }), await trainSteps({ settings: whole })];
    cut.steps.forEach(({ metrics }, i) => {
      for (const name of ['loss', 'grad_norm', 'entropy_threshold', 'entropy_kept', 'reward']) {
        expect(metrics[name]).toBeCloseTo(other.steps[i]!.metrics[name]!, 9); // sums in another order
      }
    });
  });

  test('that is resumed goes on with the coefficient it had, to the bit', async () => {
    const settings = settingsOf(
      { coefficient: 0.1, adaptive: { target: 1.44 } },
      {},
      { steps: 8, saveEvery: 4, keep: 9 },
    );
    const folder = temporaryFolder();
    const whole = await trainSteps({ settings, folder });
    const { folder: saved, state } = listCheckpoints(folder)[0]!;
    expect(state.entropy!.active).toBe(true);
    const rest = async (entropy: AdaptiveEntropy | undefined) => {
      const policy = fakePolicy();
      await policy.load(saved);
      const { steps } = await trainSteps({ settings, policy, startStep: 4, entropy });
      return steps.map(({ metrics }) => [metrics['entropy_coefficient'], metrics['entropy'], metrics['loss']]);
    };
    const expected = whole.steps
      .slice(4)
      .map(({ metrics }) => [metrics['entropy_coefficient'], metrics['entropy'], metrics['loss']]);
    expect(await rest(state.entropy)).toEqual(expected);
    expect(await rest(undefined)).not.toEqual(expected);
  });

  test('is refused where the policy gives no entropies', async () => {
    const policy = fakePolicy();
    delete policy.entropies;
    const run = trainSteps({ settings: settingsOf({ share: 0.2 }), policy });
    await expect(run).rejects.toThrow('grpo.entropy: this policy gives no entropies');
    await expect(trainSteps({ settings: settingsOf({}, {}, { steps: 1 }), policy })).resolves.toBeDefined();
  });
});

test('a policy that is sampled elsewhere gives entropies where it did', () => {
  const [gives, lacks] = [fakePolicy(), fakePolicy()];
  delete lacks.entropies;
  expect(sampleElsewhere(gives, {} as Sampler)).toHaveProperty('entropies');
  expect(sampleElsewhere(lacks, {} as Sampler)).not.toHaveProperty('entropies');
});

describe('settings that cannot be', () => {
  const model = { checkpoint: 'x', tinker: { url: 'http://127.0.0.1:1' } };
  test.each<[string, EntropySettings, Partial<Recipe>, RegExp]>([
    ['a bonus on a server', { coefficient: 0.1 }, { model }, /entropy.*must be left out with model\.tinker/s],
    ['a target on a server', { adaptive: { target: 1 } }, { model }, /must be left out with model\.tinker/],
    ['top tokens on a server', { share: 0.2 }, { model }, /must be left out with model\.tinker/],
    ['bounds out of order', { adaptive: { target: 1, min: 2 } }, {}, /must be at most max, 1/],
    ['a share above 1', { share: 1.5 }, {}, /share/],
    ['no target', { adaptive: {} as never }, {}, /target/],
  ])('%s', (_, entropy, changes, message) => {
    expect(() => settingsOf(entropy, {}, changes)).toThrow(message);
  });

  test('a server without any is fine', () => {
    expect(() => settingsOf({}, {}, { model })).not.toThrow();
  });
});
