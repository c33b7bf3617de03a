import { expect, test } from '@jest/globals';
import { afterSpace, beforeSpace, pythonStrip } from '../../src/answer/white-space.js';

/** `[c for c in range(0x10000) if chr(c).isspace()]` in Python 3.12. */
const PYTHON_SPACES = [
  9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 133, 160, 5760, 8192, 8193, 8194, 8195, 8196, 8197, 8198, 8199, 8200, 8201, 8202,
  8232, 8233, 8239, 8287, 12288,
]; // prettier-ignore

test("the white space is Python's, for every UTF-16 unit", () => {
  const spaces = Array.from({ length: 0x10000 }, (_, code) => code).filter(
    (code) => pythonStrip(String.fromCharCode(code)) === '',
  );
  expect(spaces).toEqual(PYTHON_SPACES);
});

test('strip takes white space from both ends alone', () => {
  expect(pythonStrip(' \x1c a b\x85\n')).toBe('a b');
  expect(pythonStrip('\ufeffa')).toBe('\ufeffa');
  expect(pythonStrip(' \n ')).toBe('');
});

test('afterSpace and beforeSpace stop at the first other character', () => {
  expect(afterSpace('a  b', 1)).toBe(3);
  expect(afterSpace('a  ', 1)).toBe(3);
  expect(beforeSpace('a  b', 3)).toBe(1);
  expect(beforeSpace('  b', 2)).toBe(0);
});
