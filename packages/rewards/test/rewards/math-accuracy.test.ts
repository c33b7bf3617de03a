import { describe, expect, test } from '@jest/globals';
import { mathAccuracyReward } from '../../src/index.js';
import { goldenCases } from '../golden.js';
import { sampleOf } from '../samples.js';

interface Case {
  fn: string;
  completion: string;
  solution: string;
  out: number | null;
  reasoning: number | null;
  reasoningUnfinished: number;
}

const said = (completion: string, solution: string, reasoning: 'anywhere' | 'after' = 'anywhere'): unknown =>
  mathAccuracyReward({ expected: () => solution, reasoning }).score(sampleOf(completion));

describe('TRL 1.16 with math-verify 0.9', () => {
  const cases = goldenCases<Case>('rewards_trl').filter((c) => c.fn === 'accuracy_reward');
  test.each(cases.map((c) => [`${c.completion} for ${c.solution}`, c] as const))('%s', (_, c) => {
    expect(said(c.completion, c.solution)).toBe(c.out);
    expect(said(`<think>I think</think>${c.completion}`, c.solution, 'after')).toBe(c.reasoning);
    expect(said(`<think>${c.completion}`, c.solution, 'after')).toBe(c.reasoningUnfinished);
  });
});

test.each([
  ['\\boxed{\\frac{2}{6}}', '1/3', 1],
  ['\\boxed{2\\sqrt{2}}', '\\sqrt{8}', 1],
  ['\\boxed{\\sqrt[3]{8}}', '2', 1],
  ['\\boxed{(x+1)^2}', '$x^2 + 2x + 1$', 1],
  ['\\boxed{(x+1)^2}', '$x^2 + 1$', 0],
  ['\\boxed{x = 3}', '3', 1],
  ['$\\left( 1{,}5 \\right)$', '15', 0],
  ['it is $1{,}000$', '1000', 0],
  ['it is $1,000$', '1000', 1],
  ['$2 \\cdot 3 \\div 6$', '1', 1],
  ['$2^{-1}$', '0.5', 1],
  ['$-2^2$', '-4', 1],
  ['$2^3^2$', '512', 1],
  ['$6/2/3$', '1', 1],
  ['$1 - 2 - 3$', '-4', 1],
  ['$\\sin \\pi$', '0', 1],
  ['$\\ln e$', '$\\ln e$', 1],
  ['$ab$', '$ba$', 1],
  ['$a/b$', '$b/a$', 0],
  ['$\\sqrt{-1}$', '1', 0],
  ['$1$', '\\sqrt{-1}', 0],
  ['$\\sqrt{-1}$', '\\sqrt{-2}', 0],
  ['$\\sqrt{-1}$', '\\sqrt{-1}', 1],
  ['$\\sqrt{x-1.5}$', '\\sqrt{x-1.5}', 1],
  ['$1/0$', '2/0', 0],
  ['$1/0$', '5', 0],
  ['$5$', '1/0', 0],
  ['first $1$, then \\boxed{2}, then $3$', '2', 1],
  ['\\boxed{1} \\boxed{2}', '1', 0],
  ['\\boxed{2', '2', 0],
  ['2', '2', 0],
  ['\\boxed{\\{1, 2\\}}', '2', 0],
  ['\\boxed{1 +}', '1', 0],
  ['\\boxed{1}', '\\{1, 2\\}', null],
])('%j for %j gives %j', (completion, solution, value) => {
  expect(said(completion, solution)).toBe(value);
});

test('explains itself', () => {
  const reward = mathAccuracyReward({ expected: () => '1/3' });
  expect(reward.explain?.(sampleOf('\\boxed{0.333}'))).toBe('said "0.333", expected "1/3"');
  expect(reward.explain?.(sampleOf('\\boxed{0.333'))).toBe('the box is not closed');
  expect(mathAccuracyReward({ expected: () => undefined }).score(sampleOf('$1$'))).toBeNull();
});
