import * as core from '../../src/index.js';
import { type Table } from './case.js';

/** Controllers and figures. */
export const figures: Table = {
  adaptiveEntropy: {
    nan: [
      [
        () => core.adaptiveEntropy({ coefficient: NaN }, 1, { target: 1, step: 1 }),
        '`state.coefficient` must be finite',
      ],
      [
        () => core.adaptiveEntropy({ coefficient: 0 }, NaN, { target: 1, step: 1 }),
        '`entropy` must be finite, got NaN',
      ],
      [() => core.adaptiveEntropy({ coefficient: 0 }, 1, { target: NaN, step: 1 }), '`target` must be finite, got NaN'],
    ],
    range: [
      [() => core.adaptiveEntropy({ coefficient: 0 }, 1, { target: 1, step: -1 }), '`step` must be at least 0, got -1'],
      [
        () => core.adaptiveEntropy({ coefficient: 0 }, 1, { target: 1, step: 1, min: 2 }),
        '`min` must be at most max 1, got 2',
      ],
    ],
  },
  adaptiveKl: {
    nan: [
      [() => core.adaptiveKl({ coefficient: 1 }, NaN, 1), '`kl` must be finite, got NaN'],
      [() => core.adaptiveKl({ coefficient: NaN }, 1, 1), '`state.coefficient` must be at least 0, got NaN'],
    ],
    range: [
      [() => core.adaptiveKl({ coefficient: -1 }, 1, 1), '`state.coefficient` must be at least 0, got -1'],
      [() => core.adaptiveKl({ coefficient: 1 }, 1, -1), '`completions` must be at least 0, got -1'],
      [() => core.adaptiveKl({ coefficient: 1 }, 1, 1, { target: 0 }), '`target` must be above 0, got 0'],
      [() => core.adaptiveKl({ coefficient: 1 }, 1, 1, { horizon: 0 }), '`horizon` must be above 0, got 0'],
    ],
    empty: [[() => core.adaptiveKl({ coefficient: 1 }, 1, 0), { coefficient: 1 }]],
  },
  advantageMetrics: {
    nan: [[() => core.advantageMetrics([1, NaN]), '`advantages[1]` must be finite, got NaN']],
    empty: [
      [
        () => core.advantageMetrics([]),
        {
          'advantage/mean': 0,
          'advantage/std': 0,
          'advantage/min': 0,
          'advantage/max': 0,
          'advantage/positive': 0,
        },
      ],
    ],
  },
  combineMetrics: {
    shape: [[() => core.combineMetrics([{ kl: 1 }]), '`parts` must each have `tokens`, got [kl]']],
    nan: [[() => core.combineMetrics([{ tokens: NaN }]), '`tokens` must be at least 0, got NaN']],
    range: [[() => core.combineMetrics([{ tokens: -1 }]), '`tokens` must be at least 0, got -1']],
    empty: [[() => core.combineMetrics([]), {}]],
    masked: [[() => core.combineMetrics([{ tokens: 0, kl: 3 }]), { tokens: 0 }]],
  },
  cosineCoefficient: {
    nan: [[() => core.cosineCoefficient(NaN, { from: 1, steps: 1 }), '`step` must be at least 0, got NaN']],
    range: [
      [() => core.cosineCoefficient(0, { from: -1, steps: 1 }), '`from` must be at least 0, got -1'],
      [() => core.cosineCoefficient(0, { from: 1, to: -1, steps: 1 }), '`to` must be at least 0, got -1'],
      [() => core.cosineCoefficient(0, { from: 1, steps: 0 }), '`steps` must be above 0, got 0'],
    ],
  },
  explainLoss: {
    empty: [[() => core.explainLoss({}), 'No token counts: the mask is empty, so loss and gradient are 0.']],
  },
  groupOutcomes: {
    shape: [[() => core.groupOutcomes([1, 0], ['a']), '`groups` must have length 2, got 1']],
    nan: [
      [() => core.groupOutcomes([1], ['a'], { goodAbove: NaN }), '`goodAbove` must be finite, got NaN'],
      [() => core.groupOutcomes([NaN], ['a']), { mixed: 0, allGood: 0, allBad: 0 }],
    ],
    range: [[() => core.groupOutcomes([1], ['a'], { tolerance: -1 }), '`tolerance` must be at least 0, got -1']],
    empty: [[() => core.groupOutcomes([], []), { mixed: 0, allGood: 0, allBad: 0 }]],
  },
  passAtK: {
    nan: [[() => core.passAtK(NaN, 0, 1), '`n` must be an integer, got NaN']],
    range: [
      [() => core.passAtK(4, 5, 1), '`c` must be an integer from 0 to 4, got 5'],
      [() => core.passAtK(4, -1, 1), '`c` must be an integer from 0 to 4, got -1'],
      [() => core.passAtK(4, 1, 0), '`k` must be an integer from 1 to 4, got 0'],
    ],
    empty: [[() => core.passAtK(4, 0, 2), 0]],
  },
};
