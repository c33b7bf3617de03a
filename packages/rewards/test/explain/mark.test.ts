import { expect, test } from '@jest/globals';
import { mark } from '../../src/index.js';

test('marks a part', () => {
  expect(mark('<think>a</think> so <answer>', { start: 16, end: 20 })).toBe('<think>a</think>⟦ so ⟧<answer>');
  expect(mark('abc', { start: 3, end: 3 }, { signs: ['>', '<'] })).toBe('abc><');
});

test('cuts what is far away and what is long, and stays on one line', () => {
  expect(mark('0123456789', { start: 4, end: 5 }, { context: 2 })).toBe('…23⟦4⟧56…');
  expect(mark('0123456789', { start: 2, end: 8 }, { context: 2 })).toBe('01⟦23…67⟧89');
  expect(mark('a\nb\u0000c\r\t\u2028', { start: 2, end: 3 })).toBe('a\\n⟦b⟧\\u0000c\\r\\t\\u2028');
});
