import { expect, test } from '@jest/globals';
import { readLayout } from '../../src/answer/layout.js';

const problem = (text: string, body: 'json' | 'text' = 'json'): string | null => {
  const layout = readLayout(text, body);
  return 'value' in layout ? null : layout.reason;
};

test.each([
  ['<think> r </think><answer> {"rating": 3.5} </answer>', null],
  ['<think>r</think>\n<answer>{"rating": 3.5}</answer>', null],
  ['\n<think>\nr\n</think>\n\n<answer>\n{"rating": {"a": 3.5}}\n</answer>\n', null],
  ['<think></think><answer>{}</answer>', null],
  ['', 'no <think> was found'],
  ['<answer>{}</answer>', 'no <think> was found'],
  ['<think>a', 'no </think> was found'],
  ['<think>a</think>b', 'no <answer> was found'],
  ['<think>a</think><answer>{', 'no </answer> was found'],
  ['</think><think>a<answer>{}</answer>', 'the tags are not in the order <think> </think> <answer> </answer>'],
  ['<think>a<answer>{}</answer></think>', 'the tags are not in the order <think> </think> <answer> </answer>'],
  ['<think>a<think>b</think><answer>{}</answer>', '<think> is there more than once'],
  ['<think>a</think></think><answer>{}</answer>', '</think> is there more than once'],
  ['<think>a</think><answer>{}</answer><answer>{}</answer>', '<answer> is there more than once'],
  ['<think>a</think><answer>{}</answer></answer>', '</answer> is there more than once'],
  ['x<think>a</think><answer>{}</answer>', 'text before <think>: "x"'],
  ['<think>a</think> so <answer>{}</answer>', 'text between </think> and <answer>: "so"'],
  ['<think>a</think><answer>{}</answer><|im_end|>', 'text after </answer>: "<|im_end|>"'],
  ['<think>a</think><answer> </answer>', 'the answer is empty'],
  ['<think>a</think><answer>[]</answer>', 'the answer is not a JSON object: "[]"'],
  ['<think>a</think><answer>3.5</answer>', 'the answer is not a JSON object: "3.5"'],
  ["<think>a</think><answer>{'rating': 3.5}</answer>", 'the answer is not a JSON object: "{\'rating\': 3.5}"'],
  ['<think>a</think><answer>```json\n{}\n```</answer>', 'the answer is not a JSON object: "```json\\n{}\\n```"'],
])('%j: %j', (text, expected) => {
  expect(problem(text)).toBe(expected);
});

test('a text answer may be anything but blank', () => {
  expect(problem('<think>a</think><answer>Image A</answer>', 'text')).toBeNull();
  expect(problem('<think>a</think><answer>\n</answer>', 'text')).toBe('the answer is empty');
});

test('the place of a problem shows the culprit', () => {
  const text = '<think>a</think> so <answer>{}</answer>';
  const { place } = readLayout(text, 'json');
  expect(text.slice(place.start, place.end)).toBe(' so ');
});
