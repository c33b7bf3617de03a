import { describe, expect, test } from '@jest/globals';
import { optimalTokenBaselineAdvantages } from '../../src/index.js';
import { expectClose } from '../support/close.js';
import { matrix } from '../support/golden.js';

const EXACT = { relative: 1e-7 }; // the 1e-8 beside the energy

describe('optimalTokenBaselineAdvantages', () => {
  // π = 1/2 everywhere, so that w = Σπ²: energies 1, 3 of the first row, 2 of the second
  const half = Math.log(0.5);
  const batch = {
    returns: matrix([
      [6, 3],
      [0, 9],
    ]),
    mask: matrix([
      [1, 1],
      [1, 0],
    ]),
    groups: ['a', 'a'],
    logps: matrix([
      [half, half],
      [half, NaN],
    ]),
    sumPiSquared: matrix([
      [1, 2],
      [2, NaN],
    ]),
  };

  test('by hand: the baseline weighs returns by energy', () => {
    const { data } = optimalTokenBaselineAdvantages(batch);
    // at the first token (6 · 1 + 0 · 2) / 3 = 2; past the shorter row the baseline is the row itself
    expectClose(data, [4, 0, -2, 0], EXACT);
  });

  test('energy adds up along the row, with the squared importance weight', () => {
    const importanceWeights = matrix([
      [2, 1],
      [1, 1],
    ]);
    const mask = matrix([
      [1, 1],
      [1, 1],
    ]);
    const both = {
      ...batch,
      mask,
      logps: matrix([
        [half, half],
        [half, half],
      ]),
      sumPiSquared: matrix([
        [1, 2],
        [2, 3],
      ]),
    };
    // energies 4, 6 and 2, 5: baselines 24 / 6 and (18 + 45) / 11
    const { data } = optimalTokenBaselineAdvantages({ ...both, importanceWeights });
    expectClose(data, [2, 3 - 63 / 11, -4, 9 - 63 / 11], EXACT);
  });

  test("past the second longest row, tail 'zero' has no baseline", () => {
    expectClose(optimalTokenBaselineAdvantages(batch, { tail: 'zero' }).data, [4, 3, -2, 0], EXACT);
  });

  test('equal returns give exactly 0, a group of one its return', () => {
    const equal = matrix([
      [0.1, 0.1],
      [0.1, 0.1],
    ]);
    expect([...optimalTokenBaselineAdvantages({ ...batch, returns: equal }).data].every((a) => a === 0)).toBe(true);
    expect([...optimalTokenBaselineAdvantages({ ...batch, groups: ['a', 'b'] }).data]).toEqual([6, 3, 0, 0]);
  });

  test('1e-8 stands beside the energy, as in verl', () => {
    const at = (...values: number[]) => matrix(values.map((x) => [x]));
    const faint = { returns: at(1, 0), mask: at(1, 1), groups: [0, 0], logps: at(0, 0), sumPiSquared: at(1 + 1e-8, 1) };
    expectClose(optimalTokenBaselineAdvantages(faint).data, [0.5, -0.5], { absolute: 1e-6 });
  });
});
