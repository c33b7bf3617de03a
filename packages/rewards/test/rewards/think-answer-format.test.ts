import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PYTHON_SPACE } from '../../src/answer/white-space.js';
import { thinkAnswerFormatReward } from '../../src/index.js';
import { anyText } from '../../src/testing/arbitraries.js';
import { sampleOf } from '../samples.js';

test('agrees with the expression it stands for', () => {
  const expression = new RegExp(`^<think>[^]*?</think>[${PYTHON_SPACE}]*<answer>[^]*?</answer>$`);
  const framed = anyText.map((text) => `<think>${text}</answer>`);
  fc.assert(
    fc.property(
      fc.oneof(
        anyText,
        framed,
        framed.map((text) => text.replace('</think>', '</think> <answer>')),
      ),
      (text) => {
        expect(thinkAnswerFormatReward().score(sampleOf(text)) === 1).toBe(expression.test(text));
      },
    ),
    { numRuns: 10_000 },
  );
});

test.each([
  ['a', 'the text does not start with <think>'],
  ['<think>a</think><answer>b</answer>\n', 'the text does not end with </answer>'],
  ['<think>a</think>x<answer>b</answer>', 'no <answer> follows </think>'],
  ['<think></think><answer></answer>', 'the layout is as asked'],
])('%j: %s', (completion, reason) => {
  expect(thinkAnswerFormatReward().explain?.(sampleOf(completion))).toBe(reason);
});
