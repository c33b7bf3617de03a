import { expect, test } from '@jest/globals';
import { messageOf } from '../../src/runner/message-of.js';

test.each([
  [new Error('a'), 'a'],
  [{ message: 'b' }, 'b'],
  [{ message: 3 }, '[object Object]'],
  ['c', 'c'],
  [undefined, 'undefined'],
  [null, 'null'],
])('%p', (thrown, message) => {
  expect(messageOf(thrown)).toBe(message);
});
