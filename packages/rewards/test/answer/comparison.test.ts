import { expect, test } from '@jest/globals';
import { readComparison } from '../../src/index.js';

test.each([
  ['Image A', 'Image A'],
  [' image b.\n', 'Image B'],
  ['"Image A"', 'Image A'],
  ['**Similar**', 'Similar'],
  ['B', 'Image B'],
  ['{"better": "Image B"}', 'Image B'],
  ['', '"" is none of Image A, Image B, Similar'],
  ['Image A\nImage B', '"Image A\\nImage B" is none of Image A, Image B, Similar'],
  ['Image C', '"Image C" is none of Image A, Image B, Similar'],
  ['toString', '"toString" is none of Image A, Image B, Similar'],
  [
    '{"a": "Image A", "b": "Image B"}',
    '"{\\"a\\": \\"Image A\\", \\"b\\": \\"Image B\\"}" is none of Image A, Image B, Similar',
  ],
  [`Image A${' '.repeat(60)}no, B`, `"Image A${' '.repeat(33)}…" is none of Image A, Image B, Similar`],
])('%j gives %j', (answer, expected) => {
  const reading = readComparison(`<answer>${answer}</answer>`);
  expect('value' in reading ? reading.value : reading.reason).toBe(expected);
});
