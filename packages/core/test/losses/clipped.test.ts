import { describe, expect, test } from '@jest/globals';
import { CLIP, clippedSurrogate, type ClippedOptions, type TokenBatch } from '../../src/index.js';
import { expectClose, FLOAT64 } from '../support/close.js';

function token(advantage: number, logRatio: number, weight = 1): TokenBatch {
  return {
    columns: 1,
    mask: Uint8Array.of(1),
    logps: Float64Array.of(-1),
    logRatio: Float64Array.of(logRatio),
    advantages: Float64Array.of(advantage),
    weights: Float64Array.of(weight),
  };
}
const higher: ClippedOptions = { clipLow: 0.2, clipHigh: 0.28 };

describe('clippedSurrogate', () => {
  test.each([
    // advantage, log ratio, value, clipped: the ratio is held at 0.8 from below (A < 0), 1.28 from above (A > 0)
    [1, -1.5, -Math.exp(-1.5), CLIP.none],
    [1, 0, -1, CLIP.none],
    [1, 0.3, -1.28, CLIP.high], // e^0.3 = 1.35
    [1, 1.5, -1.28, CLIP.high],
    [-1, -1.5, 0.8, CLIP.low],
    [-1, 0.3, Math.exp(0.3), CLIP.none],
    [-1, 1.5, Math.exp(1.5), CLIP.none],
    [0, 5, 0, CLIP.none],
  ])('A = %d, log ratio %d', (advantage, logRatio, value, code) => {
    const terms = clippedSurrogate(token(advantage, logRatio, 0.5), higher);
    expectClose(terms.value, [value], FLOAT64);
    expect(terms.clipped[0]).toBe(code);
    // of 0.5 · value: −0.5 ρA where not clipped, which is 0.5 · value itself
    expectClose(terms.ratioGradient, [code === CLIP.none ? 0.5 * value : 0], FLOAT64);
  });

  test('dual clip holds the ratio for A < 0 only', () => {
    const bad = clippedSurrogate(token(-1, 1.5), { dualClip: 3 });
    expect([bad.value[0], bad.ratioGradient[0], bad.clipped[0]]).toEqual([3, 0, CLIP.dual]);
    const below = clippedSurrogate(token(-1, 1), { dualClip: 3 });
    expectClose(below.value, [Math.E], FLOAT64);
    expect(clippedSurrogate(token(1, 1.5), { dualClip: 3 }).clipped[0]).toBe(CLIP.high);
  });

  test('one bound given serves both sides', () => {
    expect(clippedSurrogate(token(1, 1), { clipLow: 0.1 }).value[0]).toBe(-1.1);
  });

  test('an infinite ratio with advantage 0 is 0, not NaN', () => {
    expect(clippedSurrogate(token(0, 1e4)).value[0]).toBe(0);
  });

  test('bad bounds', () => {
    expect(() => clippedSurrogate(token(1, 1), { clipHigh: -1 })).toThrow(
      '`clippedSurrogate`: `clipHigh` must be at least 0, got -1',
    );
    expect(() => clippedSurrogate(token(1, 1), { dualClip: 1 })).toThrow('`dualClip` must be above 1, got 1');
    expect(() => clippedSurrogate(token(1, 1), { clipLow: NaN })).toThrow('`clipLow` must be at least 0, got NaN');
  });
});
