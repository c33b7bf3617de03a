import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  concordanceReward,
  fidelityReward,
  marginReward,
  rankPlusAbsoluteReward,
  type BatchReward,
} from '../../src/index.js';
import { batchOf, columnOf, expectClose } from '../batches.js';

// Means 3.5 and 3, variances 1/2 and 1/2 (divisor n - 1), so √(σ²_0 + σ²_1) = 1 and the z scores are plain differences.
const TWO = batchOf({ label: 4, std: 1, says: [4, 3] }, { label: 2, std: 1, says: [3.5, 2.5] });
const PHI_1 = 0.8413447460685429;

test('fidelity: Thurstone probability against the order of the labels', async () => {
  // 0.0: z = 4 - 3 = 1, t = 1: √Φ(1).     0.1: z = 0: √½.
  // 1.0: z = 3.5 - 3.5 = 0, t = 0: √½.    1.1: z = -1, t = 0: √(1 - Φ(-1)) = √Φ(1).
  const expected = [Math.sqrt(PHI_1), Math.SQRT1_2, Math.SQRT1_2, Math.sqrt(PHI_1)];
  expectClose(await columnOf(fidelityReward({ epsilon: 0 }), TWO), expected);
});

test('fidelity: images of the same label are best called equal', async () => {
  // t = ½; 0.0: p = Φ(1): √(Φ(1)/2) + √((1 - Φ(1))/2); 0.1: p = ½: 1
  const tied = batchOf({ label: 3, says: [4, 3] }, { label: 3, says: [3.5, 2.5] });
  const values = await columnOf(fidelityReward({ epsilon: 0 }), tied);
  expectClose(values.slice(0, 2), [Math.sqrt(PHI_1 / 2) + Math.sqrt((1 - PHI_1) / 2), 1]);
});

test('fidelity: epsilon as in the released code', async () => {
  // z = (4 - 2) / √(0 + 0 + 1e-6) = 2000: p = 1, t = 1: √(1 + 1e-6) + √1e-6
  const sure = batchOf({ label: 4, says: [4, 4] }, { label: 2, says: [2, 2] });
  expectClose((await columnOf(fidelityReward(), sure)).slice(0, 1), [Math.sqrt(1 + 1e-6) + 1e-3]);
});

test('rank plus absolute: RAPO', async () => {
  // ranking part as above with t = 1 or 0; absolute part with σ = ½: errors 0, 1 | 1.5, 0.5 are 0, 2 | 3, 1 σ
  const reward = rankPlusAbsoluteReward({ sigma: 0.5, gamma: 0, epsilon: 0 });
  expectClose(await columnOf(reward, TWO), [
    Math.sqrt(PHI_1) + 1,
    Math.SQRT1_2 + Math.exp(-2),
    Math.SQRT1_2 + Math.exp(-4.5),
    Math.sqrt(PHI_1) + Math.exp(-0.5),
  ]);
});

test('rank plus absolute: equal labels count as t = 1', async () => {
  const tied = batchOf({ label: 4, says: [4, 3] }, { label: 4, says: [3.5, 2.5] });
  const reward = rankPlusAbsoluteReward({ sigma: 0.5, gamma: 0, epsilon: 0 });
  expectClose((await columnOf(reward, tied)).slice(0, 1), [Math.sqrt(PHI_1) + 1]);
});

test('margin: the distance to the other image against the distance of the labels, 2', async () => {
  // q - μ of the other: 1, 0 | 0, -1; the labels' 2, 2 | -2, -2: misses 1, 2 | 2, 1
  const unit = [Math.exp(-0.5), Math.exp(-2), Math.exp(-2), Math.exp(-0.5)];
  expectClose(await columnOf(marginReward(), TWO), unit);
  // v = 1² + 1² = 2 halves the exponents
  const sigma = [Math.exp(-0.25), Math.exp(-1), Math.exp(-1), Math.exp(-0.25)];
  expectClose(await columnOf(marginReward({ spread: 'sigma' }), TWO), sigma);
});

test('margin: sigma needs the labels to have std', async () => {
  const bare = batchOf({ label: 4, says: [4] }, { label: 2, says: [2] });
  await expect(columnOf(marginReward({ spread: 'sigma' }), bare)).rejects.toThrow(
    'marginReward: spread \'sigma\' needs label.std, group "0" has none',
  );
});

test("concordance: Lin's coefficient with the others' means", async () => {
  // Labels 1, 2, 3, the others' means 2, 3. For q = 1: x equals the labels: 1.
  // q = 3: x = (3, 2, 3), cov = (3 + 4 + 9)/3 - (8/3)(2) = 0: 0.
  // q = 2: x = (2, 2, 3), cov = 15/3 - (7/3)(2) = 1/3, var x = 17/3 - 49/9 = 2/9, var s = 2/3, (7/3 - 2)² = 1/9:
  //        (2/3) / (2/9 + 6/9 + 1/9) = 2/3.
  const three = batchOf({ label: 1, says: [1, 3, 2] }, { label: 2, says: [2] }, { label: 3, says: [3] });
  expectClose((await columnOf(concordanceReward(), three)).slice(0, 3), [1, 0, 2 / 3]);
});

test('concordance: unreadable is the lowest, 0 / 0 does not apply', async () => {
  const batch = batchOf({ label: 1, says: ['null', 1] }, { label: 2, says: [2] });
  expectClose(await columnOf(concordanceReward(), batch), [-1, 1, 1]);
  expectClose(await columnOf(concordanceReward(), batchOf({ label: 2, says: [2] }, { label: 2, says: [2] })), [
    null,
    null,
  ]);
});

const REWARDS: [string, BatchReward][] = [
  ['fidelity', fidelityReward()],
  ['rankPlusAbsolute', rankPlusAbsoluteReward()],
  ['margin', marginReward()],
  ['concordance', concordanceReward()],
];

describe.each(REWARDS)('%s', (_, reward) => {
  test('an unreadable score counts for nothing, not even in the means', async () => {
    const clean = batchOf({ label: 4, says: [4, 3] }, { label: 2, says: [3.5, 2.5] });
    const noisy = [...clean, { ...clean[0]!, id: 'x', completion: '<answer>{"rating": 99}</answer>' }];
    const values = await columnOf(reward, noisy);
    expect(values.slice(0, 4)).toEqual(await columnOf(reward, clean));
    expect(values[4]).toBe(reward.range[0]);
  });

  test('does not apply to a lone image or another task', async () => {
    const lone = batchOf({ label: 4, says: [4, 3] });
    const other = { ...lone[0]!, id: 'x', group: 'x', label: { task: 'comparison', better: 'Similar' } as const };
    expect(await columnOf(reward, [...lone, other])).toEqual([null, null, null]);
  });

  test('the labels of a group must agree', async () => {
    const batch = batchOf({ label: 4, says: [4, 3] });
    const mixed = [batch[0]!, { ...batch[1]!, label: { task: 'score', score: 3 } as const }];
    await expect(columnOf(reward, mixed)).rejects.toThrow('group "0" has the labels 4 and 3; a group is one image');
  });

  test('order of samples and of groups does not matter; values stay in range', async () => {
    const rating = fc.oneof(fc.double({ min: 1, max: 5, noNaN: true }), fc.constant('null'));
    const image = fc.record({
      label: fc.integer({ min: 1, max: 5 }),
      says: fc.array(rating, { minLength: 1, maxLength: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(image, { minLength: 1, maxLength: 5 }), fc.nat(), async (images, seed) => {
        const samples = batchOf(...images);
        const shuffled = samples.toSorted((a, b) => rank(a.id, seed) - rank(b.id, seed));
        const values = new Map(shuffled.map((s) => [s.id, null as number | null]));
        for (const [i, value] of (await columnOf(reward, shuffled)).entries()) values.set(shuffled[i]!.id, value);
        expectClose(samples.map((sample) => values.get(sample.id) ?? null), await columnOf(reward, samples)); // prettier-ignore
      }),
      { numRuns: 200 },
    );
  });
});

/** A pseudo-random order that depends on the seed. */
function rank(id: string, seed: number): number {
  let hash = seed;
  for (const letter of id) hash = (hash * 31 + letter.charCodeAt(0)) % 65_537;
  return hash;
}
