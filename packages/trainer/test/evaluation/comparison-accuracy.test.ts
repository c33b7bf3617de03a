import { expect, test } from '@jest/globals';
import { comparisonAccuracy, type ComparisonVerdict } from '../../src/evaluation/comparison-accuracy.js';

const A = 'Image A' as const;
const B = 'Image B' as const;
const S = 'Similar' as const;

test('accuracy by how the images were made, overall, and by order', () => {
  const verdicts: ComparisonVerdict[] = [
    { pair: '1', label: A, answer: A, enhancers: ['regression', 'regression'] },
    { pair: '1', label: B, answer: B, swapped: true, enhancers: ['regression', 'regression'] }, // names the same image
    { pair: '2', label: A, answer: A, enhancers: ['generation', 'generation'] },
    { pair: '2', label: B, answer: A, swapped: true, enhancers: ['generation', 'generation'] }, // always the first one
    { pair: '6', label: A, answer: B },
    { pair: '6', label: B, answer: A, swapped: true }, // wrong twice, but of one mind
    { pair: '3', label: B, answer: S, enhancers: ['regression', 'generation'] },
    { pair: '4', label: S, answer: S },
    { pair: '4', label: S, answer: S, swapped: true },
    { pair: '5', label: A },
    { pair: '5', label: B, swapped: true }, // two unreadable answers do not agree
  ];
  expect(comparisonAccuracy(verdicts)).toEqual({
    count: 11,
    unreadable: 2,
    overall: 5 / 11,
    regression: 1,
    generation: 0.5,
    swapConsistency: 3 / 5,
    swapPairs: 5,
    firstShare: 4 / 6,
  });
});

test('nothing to measure is null', () => {
  expect(comparisonAccuracy([])).toEqual({
    count: 0,
    unreadable: 0,
    overall: null,
    regression: null,
    generation: null,
    swapConsistency: null,
    swapPairs: 0,
    firstShare: null,
  });
});
