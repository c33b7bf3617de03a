import { expect, test } from '@jest/globals';
import ndarray from 'ndarray';
import type { Example } from '../../../../examples/tiny/examples.js';
import { nextTokenLoss, supervise, type SuperviseStep } from '../../../../examples/tiny/supervise.js';
import type { Policy } from '../../src/policies/policy.js';

const prompt = { id: 'p', messages: [], label: { task: 'score', score: 3 } } as const;

test('nextTokenLoss: the mean over the batch, nothing past the end of a completion', () => {
  const logps = ndarray(Float64Array.of(-1, -2, -3, -4, NaN, NaN), [2, 3]);
  const sequences = [
    { prompt, completion: [1, 2, 3] },
    { prompt, completion: [1] },
  ];
  const { loss, gradient } = nextTokenLoss(logps, sequences, 4);
  expect(loss).toBe(10 / 4);
  expect([...gradient.data]).toEqual([-0.25, -0.25, -0.25, -0.25, 0, 0]);
  // parts of a batch add up to the batch
  const first = nextTokenLoss(ndarray(Float64Array.of(-1, -2, -3), [1, 3]), sequences.slice(0, 1), 4);
  const second = nextTokenLoss(ndarray(Float64Array.of(-4), [1, 1]), sequences.slice(1), 4);
  expect(first.loss + second.loss).toBe(loss);
});

/** One number to learn: every token's log-prob is minus its square. */
function toyPolicy() {
  let weight = 2;
  let slope = 0;
  const unused = () => Promise.reject(new Error('not part of supervised training'));
  const policy: Policy = {
    forwardBackward: (sequences, loss) => {
      const columns = Math.max(...sequences.map(({ completion }) => completion.length));
      const size = sequences.length * columns;
      const result = loss(ndarray(new Float64Array(size).fill(-weight * weight), [sequences.length, columns]));
      for (let i = 0; i < size; i++) slope += (result.gradient.data[i] ?? 0) * -2 * weight;
      return Promise.resolve(result);
    },
    optimizerStep: ({ learningRate }) => {
      const gradientNorm = Math.abs(slope);
      weight -= learningRate * slope;
      slope = 0;
      return Promise.resolve({ gradientNorm });
    },
    sample: unused,
    logprobs: unused,
    save: unused,
    load: unused,
    dispose: () => undefined,
  };
  return policy;
}

const run = async (microBatch: number) => {
  const steps: SuperviseStep[] = [];
  let time = 0;
  await supervise(toyPolicy(), {
    minutes: 1,
    clock: () => (time += 1000), // read twice a step: 30 steps
    batchSize: 4,
    microBatch,
    learningRate: 0.1,
    warmupSteps: 2,
    maxGradientNorm: 1,
    encode: (text) => [...text].map(Number), // eslint-disable-line @typescript-eslint/no-misused-spread -- digits
    nextBatch: (size) => Promise.resolve(Array.from({ length: size }, (_, i): Example => ({ prompt, text: '1'.repeat(i + 1) }))), // prettier-ignore
    onStep: (step) => void steps.push(step),
  });
  return steps;
};

test('supervise: the loss falls, the rate rises and falls, and time ends it', async () => {
  const steps = await run(4);
  expect(steps).toHaveLength(30);
  expect(steps[0]!.loss).toBeCloseTo(4, 12);
  expect(steps[0]!.gradientNorm).toBeCloseTo(4, 6); // d(w^2)/dw at 2, whatever the lengths; gradients are float32
  expect(steps.at(-1)!.loss).toBeLessThan(0.1);
  expect(steps[0]!.learningRate).toBeCloseTo(0.05, 2);
  expect(steps.at(-1)!.learningRate).toBeLessThan(0.01);
});

test('micro-batches change nothing', async () => {
  const [whole, parts] = [await run(4), await run(1)];
  expect(parts[0]!.loss).toBeCloseTo(whole[0]!.loss, 12);
  expect(parts[0]!.gradientNorm).toBeCloseTo(whole[0]!.gradientNorm, 6);
});
