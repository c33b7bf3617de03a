import { describe, expect, it } from '@jest/globals';
import seedrandom from 'seedrandom';
import { drawToken, type DrawOptions } from '../../../src/models/qwen2.5-vl/sampling.js';

const all: DrawOptions = { temperature: 1, topK: 0, topP: 1, suppressed: [] };
const logits = (): Float32Array => Float32Array.from([0.5, 0.25, 0.125, 0.125], Math.log);

/** How often each token comes in 20 000 draws; the standard deviation is at most 0.0036. */
function frequencies(options: DrawOptions): number[] {
  const random = seedrandom('draws');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 20_000; i++) counts[drawToken(logits(), options, random).token]!++;
  return counts.map((count) => count / 20_000);
}

const expectNear = (got: number[], expected: number[]): void => {
  got.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(0.015));
};

describe('drawToken', () => {
  it('draws by probability', () => expectNear(frequencies(all), [0.5, 0.25, 0.125, 0.125]));

  it('applies the temperature', () => {
    // Squared and normalised: 16, 4, 1, 1 of 22.
    expectNear(frequencies({ ...all, temperature: 0.5 }), [16 / 22, 4 / 22, 1 / 22, 1 / 22]);
  });

  it('keeps the k likeliest', () => expectNear(frequencies({ ...all, topK: 2 }), [2 / 3, 1 / 3, 0, 0]));

  it('keeps the smallest set with at least p', () => {
    expectNear(frequencies({ ...all, topP: 0.7 }), [2 / 3, 1 / 3, 0, 0]);
    expectNear(frequencies({ ...all, topP: 0.5 }), [1, 0, 0, 0]);
    expectNear(frequencies({ ...all, topP: 0.8 }), [4 / 7, 2 / 7, 1 / 7, 0]); // of equals, the lower id
  });

  it('never draws what is suppressed', () =>
    expectNear(frequencies({ ...all, suppressed: [0] }), [0, 0.5, 0.25, 0.25]));

  it('gives the log-probability under the distribution it drew from', () => {
    const seen = new Map<number, number>();
    const random = seedrandom('logprobs');
    for (let i = 0; i < 100; i++) {
      const { token, logprob } = drawToken(logits(), { ...all, temperature: 0.5, topK: 2, suppressed: [1] }, random);
      seen.set(token, logprob);
    }
    expect([...seen.keys()].sort()).toEqual([0, 2]);
    expect(seen.get(0)).toBeCloseTo(Math.log(16 / 17), 6);
    expect(seen.get(2)).toBeCloseTo(Math.log(1 / 17), 6);
  });

  it('takes the likeliest at temperature 0, without a random number', () => {
    const never = (): number => {
      throw new Error('not to be called');
    };
    const { token, logprob } = drawToken(logits(), { ...all, temperature: 0 }, never);
    expect(token).toBe(0);
    expect(logprob).toBeCloseTo(Math.log(0.5), 6);
  });
});
