import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { upstreamFormatProblem } from '../../src/answer/upstream-format.js';
import { PYTHON_SPACE } from '../../src/answer/white-space.js';

const OK = '<think>\nr\n</think>\n<answer>\n{"rating": 3.5}\n</answer>';

test.each([
  [OK, null],
  ['\n' + OK, 'the text does not start with <think>'],
  [OK + ' bye', 'the text does not end with </answer>'],
  ['<think>\nr\n</think>\n<answer>\n3.5\n</answer>', 'no } stands before </answer>'],
  ['<think>\nr\n</think>\n<answer>\n{}</answer>', 'no line break between } and </answer>'],
  ['<think>\nr\n</think>\n<answer>\n{{}}\n</answer>', 'the answer is not { … } without braces inside'],
  ['<think>\nr\n</think>\n<answer>\n}\n</answer>', 'the answer is not { … } without braces inside'],
  ['<think>\nr\n</think>\n<answer>\nx {}\n</answer>', 'no <answer> stands before {'],
  ['<think>\nr\n</think>\n<answer>\n  {}\n</answer>', 'no line break directly before {'],
  ['<think>\nr\n</think>\nso\n<answer>\n{}\n</answer>', 'no </think> stands before <answer>'],
  ['<think>\nr\n</think><answer>\n{}\n</answer>', 'no line break directly before <answer>'],
  ['<think>\n</think>\n<answer>\n{}\n</answer>', 'the reasoning does not stand between line breaks'],
  ['<think> \n</think>\n<answer>\n{}\n</answer>', 'the reasoning does not stand between line breaks'],
  ['<think>r\n</think>\n<answer>\n{}\n</answer>', 'the reasoning does not stand between line breaks'],
])('%j: %j', (text, problem) => {
  expect(upstreamFormatProblem(text, 'json')).toBe(problem);
});

test('the comparison format wants a framed text', () => {
  expect(upstreamFormatProblem('<think>\nr\n</think>\n<answer>\nImage A\n</answer>', 'text')).toBeNull();
  expect(upstreamFormatProblem('<think>\nr\n</think>\n<answer>\n</answer>', 'text')).toBe(
    'the answer does not stand between line breaks',
  );
  expect(upstreamFormatProblem('<think>\nr\n</think>\n</answer>', 'text')).toBe('no <answer> was found');
});

/** The released expression itself: it backtracks, but it is what the walk must agree with. */
const S = `[${PYTHON_SPACE}]*`;
const JSON_FORMAT = new RegExp(
  `^<think>${S}\\n[^]*?\\n${S}</think>${S}\\n<answer>${S}\\n\\{[^{}]*\\}${S}\\n${S}</answer>${S}$`,
);
const TEXT_FORMAT = new RegExp(`^<think>${S}\\n[^]*?\\n${S}</think>${S}\\n<answer>${S}\\n[^]*?\\n${S}</answer>${S}$`);

test('agrees with the released expression', () => {
  const noise = fc
    .array(
      fc.constantFrom(
        '\n',
        '\n',
        ' ',
        '\r\n',
        '\x1c',
        '\x85',
        '\ufeff',
        'x',
        '{',
        '}',
        '<think>',
        '</think>',
        '<answer>',
        '</answer>',
      ),
      { maxLength: 4 },
    )
    .map((parts) => parts.join(''));
  const parts = fc.tuple(noise, noise, noise, noise, noise, noise, noise);
  fc.assert(
    fc.property(parts, fc.constantFrom('{}', 'x', ''), fc.boolean(), ([a, b, c, d, e, f, g], body, clean) => {
      const head = clean ? '' : a;
      const text = `${head}<think>${b}\n${c}\n</think>${d}\n<answer>${e}\n${body}${f}\n</answer>${g}`;
      expect(upstreamFormatProblem(text, 'json') === null).toBe(JSON_FORMAT.test(text));
      expect(upstreamFormatProblem(text, 'text') === null).toBe(TEXT_FORMAT.test(text));
    }),
    { numRuns: 20_000 },
  );
});
