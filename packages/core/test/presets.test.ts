import { describe, expect, test } from '@jest/globals';
import { groupAdvantages, grpoLoss, presets } from '../src/index.js';
import { matrix } from './support/golden.js';

describe('presets', () => {
  test.each(Object.entries(presets))(
    '%s runs on rewards and log-probs as it is, and teaches the better completion',
    (_, preset) => {
      const { advantages } = groupAdvantages([1, 0], ['a', 'a'], preset.advantages);
      const logps = matrix([
        [-1, -2],
        [-1, -2],
      ]);
      const mask = matrix([
        [1, 1],
        [1, 0],
      ]);
      const { gradient } = grpoLoss({ logps, refLogps: logps, entropies: mask, mask, advantages }, preset.loss);
      expect(gradient.get(0, 0)).toBeLessThan(0);
      expect(gradient.get(1, 0)).toBeGreaterThan(0);
      expect(gradient.get(1, 1)).toBe(0);
    },
  );
});
