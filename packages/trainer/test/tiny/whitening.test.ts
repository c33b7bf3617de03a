import { expect, test } from '@jest/globals';
import seedrandom from 'seedrandom';
import { eigenpairs } from '../../../../examples/tiny/eigen.js';
import { spread, whiteningFilters } from '../../../../examples/tiny/whitening.js';
import { scene } from '../images/degradations/synthetic.js';

test('eigenpairs of a matrix worked out by hand', () => {
  // [[2, 1], [1, 2]]: 3 along (1, 1), 1 along (1, -1)
  const [first, second] = eigenpairs(Float64Array.of(2, 1, 1, 2), 2);
  expect(first!.value).toBeCloseTo(3, 12);
  expect(second!.value).toBeCloseTo(1, 12);
  expect(Math.abs(first!.vector[0]! - first!.vector[1]!)).toBeLessThan(1e-12);
  expect(Math.abs(second!.vector[0]! + second!.vector[1]!)).toBeLessThan(1e-12);
});

test('eigenpairs put a random matrix together again, with vectors at right angles', () => {
  const size = 12;
  const random = seedrandom('eigen');
  const factor = Array.from({ length: size * size }, () => random() - 0.5);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      for (let k = 0; k < size; k++) matrix[i * size + j]! += factor[i * size + k]! * factor[j * size + k]!;
    }
  }
  const pairs = eigenpairs(matrix, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const sum = pairs.reduce((total, { value, vector }) => total + value * vector[i]! * vector[j]!, 0);
      expect(Math.abs(sum - matrix[i * size + j]!)).toBeLessThan(1e-12);
      const dot = pairs[i]!.vector.reduce((total, x, k) => total + x * pairs[j]!.vector[k]!, 0);
      expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-9);
    }
  }
  expect(pairs.map(({ value }) => value)).toEqual(pairs.map(({ value }) => value).sort((a, b) => b - a));
});

test('spread gives different indices from first to last, denser at the start', () => {
  const indices = spread(128, 588);
  expect(new Set(indices).size).toBe(128);
  expect([indices[0], indices.at(-1)]).toEqual([0, 587]);
  expect(indices[20]).toBe(20);
  expect(indices.at(-1)! - indices.at(-2)!).toBeGreaterThan(10);
  expect(spread(588, 588)).toEqual(Array.from({ length: 588 }, (_, i) => i));
});

test('filters answer clean patches with a quarter of variance along every direction that varies, and are split over frames', () => {
  const options = { patchSize: 4, frames: 2, channelStd: [0.5, 0.25, 0.2], filters: 6, patches: 4000, random: seedrandom('w') } as const; // prettier-ignore
  const photo = scene(80, 60);
  const weights = whiteningFilters([photo], options);
  expect(weights).toHaveLength(6 * 3 * 2 * 16);
  for (let row = 0; row < 2; row++) {
    const answers: number[] = [];
    const random = seedrandom('other places');
    for (let n = 0; n < 4000; n++) {
      const left = Math.floor(random() * 77);
      const top = Math.floor(random() * 57);
      let answer = 0;
      for (let c = 0; c < 3; c++) {
        for (let frame = 0; frame < 2; frame++) {
          for (let i = 0; i < 16; i++) {
            const pixel = photo.data[((top + Math.floor(i / 4)) * 80 + left + (i % 4)) * 3 + c]! / 255;
            answer += weights[((row * 3 + c) * 2 + frame) * 16 + i]! * (pixel / options.channelStd[c]!); // as the processor scales
          }
        }
      }
      answers.push(answer);
    }
    const mean = answers.reduce((sum, x) => sum + x, 0) / answers.length;
    const variance = answers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / answers.length;
    // gain .5 squared; 4000 patches each: a variance is known to about 3 %, and twice
    expect(Math.abs(variance / 0.25 - 1)).toBeLessThan(0.12);
  }
});
