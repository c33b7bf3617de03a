import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from '@jest/globals';
import seedrandom from 'seedrandom';
import { drawTokens, type DrawOptions } from '../../../src/models/qwen2.5-vl/sampling.js';

const all: DrawOptions = { temperature: 1, topK: 0, topP: 1, suppressed: [] };
const LOGITS = [0.5, 0.25, 0.125, 0.125].map(Math.log);

interface Drawn {
  readonly token: number;
  readonly logprob: number;
}

/** Draws once for each random number, from the same logits. */
function draw(options: DrawOptions, uniforms: number[], logits = LOGITS): Drawn[] {
  return tf.tidy(() => {
    const rows = tf.tile(tf.tensor2d([logits]), [uniforms.length, 1]);
    const { tokens, logprobs } = drawTokens(rows, tf.tensor1d(uniforms), options);
    expect(tokens.dtype).toBe('int32');
    const values = logprobs.dataSync();
    return Array.from(tokens.dataSync(), (token, i) => ({ token, logprob: values[i]! }));
  });
}

/** How often each token comes in 20 000 draws; the standard deviation is at most 0.0036. */
function frequencies(options: DrawOptions): number[] {
  const random = seedrandom('draws');
  const counts = [0, 0, 0, 0];
  for (const { token } of draw(options, Array.from({ length: 20_000 }, random))) counts[token]!++;
  return counts.map((count) => count / 20_000);
}

const expectNear = (got: number[], expected: number[]): void => {
  got.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(0.015));
};

describe('drawTokens', () => {
  it('draws by probability', () => expectNear(frequencies(all), [0.5, 0.25, 0.125, 0.125]));

  it('applies the temperature', () => {
    // Squared and normalised: 16, 4, 1, 1 of 22.
    expectNear(frequencies({ ...all, temperature: 0.5 }), [16 / 22, 4 / 22, 1 / 22, 1 / 22]);
  });

  it('keeps the k likeliest', () => expectNear(frequencies({ ...all, topK: 2 }), [2 / 3, 1 / 3, 0, 0]));

  it('keeps the smallest set with at least p', () => {
    expectNear(frequencies({ ...all, topP: 0.7 }), [2 / 3, 1 / 3, 0, 0]);
    expectNear(frequencies({ ...all, topP: 0.5 }), [1, 0, 0, 0]);
    expectNear(frequencies({ ...all, topP: 0 }), [1, 0, 0, 0]);
    expectNear(frequencies({ ...all, topP: 0.8 }), [4 / 7, 2 / 7, 1 / 7, 0]); // of equals, the lower id
  });

  it('takes p of what k leaves', () => {
    expectNear(frequencies({ ...all, topK: 2, topP: 0.6 }), [1, 0, 0, 0]); // 2/3 is enough
  });

  it('never draws what is suppressed', () =>
    expectNear(frequencies({ ...all, suppressed: [0] }), [0, 0.5, 0.25, 0.25]));

  it('gives the log-probability under the distribution it drew from', () => {
    const random = seedrandom('logprobs');
    const options = { ...all, temperature: 0.5, topK: 2, suppressed: [1] };
    const seen = new Map(
      draw(options, Array.from({ length: 100 }, random)).map(({ token, logprob }) => [token, logprob]),
    );
    expect([...seen.keys()].sort()).toEqual([0, 2]);
    expect(seen.get(0)).toBeCloseTo(Math.log(16 / 17), 6);
    expect(seen.get(2)).toBeCloseTo(Math.log(1 / 17), 6);
  });

  it('takes the likeliest at temperature 0, whatever the random number', () => {
    const logits = [LOGITS[1]!, LOGITS[0]!, LOGITS[2]!, LOGITS[3]!];
    for (const { token, logprob } of draw({ ...all, temperature: 0 }, [0, 0.3, 0.99], logits)) {
      expect(token).toBe(1);
      expect(logprob).toBeCloseTo(Math.log(0.5), 6);
    }
  });

  // In one sum, and over 55 blocks of 55, the last of them not full.
  it.each([1000, 3000])('inverts the running sum of %i probabilities, as a loop over them does', (size) => {
    const random = seedrandom('logits');
    const logits = Array.from({ length: size }, () => 6 * random());
    const uniforms = Array.from({ length: 500 }, random);
    const weights = logits.map(Math.exp);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    draw({ ...all, suppressed: [size] }, uniforms, [...logits, 50]).forEach(({ token, logprob }, i) => {
      const below = weights.slice(0, token).reduce((sum, weight) => sum + weight, 0) / total;
      const rounding = 1e-5; // of sums of so many float32
      expect(uniforms[i]!).toBeGreaterThan(below - rounding);
      expect(uniforms[i]!).toBeLessThan(below + weights[token]! / total + rounding);
      expect(logprob).toBeCloseTo(Math.log(weights[token]! / total), 4);
    });
  });

  it('draws a token that has a probability even where the random number rounds to 1', () => {
    const [first] = draw({ ...all, suppressed: [2, 3] }, [1]);
    expect(first!.token).toBe(0); // the likeliest
    expect(draw({ ...all, suppressed: [0, 1] }, [0])[0]!.token).toBe(2);
  });
});
