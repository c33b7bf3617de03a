import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { oneField, readFields } from '../../src/answer/fields.js';
import { anyText } from '../../src/testing/arbitraries.js';

/** `key=text` of each field, or the reason. */
function summary(text: string): string[] | string {
  const reading = readFields(text);
  return 'value' in reading ? reading.value.map((field) => `${field.key}=${field.text}`) : reading.reason;
}

describe('what counts as an object', () => {
  test.each([
    ['{}', []],
    ['{"rating": 3.5}', ['rating=3.5']],
    [' \n{\n  "rating" : "3.5"\n}\n', ['rating=3.5']],
    ['{"rating": 3.5,}', ['rating=3.5']],
    ["{'rating': 3.5, 'why': 'it''s'}", 'a comma or } was expected'],
    ['{\'rating\': None, "Distortion Class": blur }', ['rating=None', 'distortion_class=blur']],
    ['```json\n{"rating": 3.5}\n```', ['rating=3.5']],
    ['```\r\n{"rating": 3.5}```', ['rating=3.5']],
    ['{"a": {"b": [1, "}"]}, "c": true}', ['a={"b": [1, "}"]}', 'c=true']],
    ['{"a": "x\\"y\\n"}', ['a=x"y\n']],
    ['{"a": "x\\q"}', ['a=x\\q']],
    ['{"a": 3.5 / 5}', ['a=3.5 / 5']],
  ])('%j', (text, fields) => {
    expect(summary(text)).toEqual(fields);
  });
});

describe('why there is none', () => {
  test.each([
    ['', 'the answer is empty'],
    [' \n', 'the answer is empty'],
    ['```json\n```', 'the answer is empty'],
    ['```json\n{"a": 1}', 'the answer is not a JSON object: "```json\\n{\\"a\\": 1}"'],
    ['3.5', 'the answer is not a JSON object: "3.5"'],
    ['[1]', 'the answer is not a JSON object: "[1]"'],
    ['x{"a": 1}', 'the answer is not a JSON object: "x{\\"a\\": 1}"'],
    ['{"a": 1', 'the object has no closing }'],
    ['{"a": 1} {"b": 2}', 'text after the object: " {\\"b\\": 2}"'],
    ['{"a" 1}', 'a colon after the key was expected'],
    ['{"a": }', 'a value after the colon was expected'],
    ['{"a": "1}', 'a quote is not closed'],
    ['{"a: 1}', 'a quote is not closed'],
    ['{"a": [1}', 'the object has no closing }'],
    ['{"a": ["1}', 'a bracket is not closed'],
    ['{a: 1}', 'a key in quotes was expected'],
    ['{"a": "1" "b": 2}', 'a comma or } was expected'],
    ['{,}', 'a key in quotes was expected'],
  ])('%j', (text, reason) => {
    expect(summary(text)).toBe(reason);
  });
});

test('the place of a field is where its value stands', () => {
  const text = 'ab{"x": 1.5, "y": "two"}';
  const reading = readFields(text, 2);
  if (!('value' in reading)) throw new Error(reading.reason);
  expect(reading.value.map((field) => text.slice(field.place.start, field.place.end))).toEqual(['1.5', '"two"']);
  expect(reading.place).toEqual({ start: 2, end: text.length });
});

test('nothing past `end` is read', () => {
  expect(readFields('{"a": 1 ,"b": 2}', 0, 8)).toEqual({
    reason: 'the object has no closing }',
    place: { start: 7, end: 7 },
  });
});

test('a bracket past `end` closes nothing', () => {
  expect(readFields('{"a": [1]}', 0, 8)).toMatchObject({ reason: 'a bracket is not closed' });
});

test('a field asked for must be there once', () => {
  const read = (text: string): unknown => {
    const fields = readFields(text);
    if (!('value' in fields)) return fields.reason;
    const field = oneField(fields.value, 'a', fields.place);
    return 'value' in field ? field.value.text : field.reason;
  };
  expect(read('{"b": 1, "a": 2}')).toBe('2');
  expect(read('{}')).toBe('no key "a" was found, the object is empty');
  expect(read('{"b": 1, "c": 2}')).toBe('no key "a" was found, the keys are "b, c"');
  expect(read('{"a": 1, "A": 2}')).toBe('the key "a" is given 2 times');
});

test('every object that JSON.stringify writes is read, with its keys', () => {
  const key = fc.stringMatching(/^[a-z_]{1,8}$/);
  fc.assert(
    fc.property(fc.dictionary(key, fc.jsonValue()), fc.constantFrom(undefined, 2), (object, indent) => {
      const reading = readFields(JSON.stringify(object, null, indent));
      expect('value' in reading ? reading.value.map((field) => field.key) : reading).toEqual(Object.keys(object));
    }),
  );
});

test('never throws, and all places lie in the text', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const reading = readFields(`{${text}`);
      expect(reading.place.end).toBeLessThanOrEqual(text.length + 1);
      expect(reading.place.start).toBeLessThanOrEqual(reading.place.end);
    }),
    { numRuns: 2000 },
  );
});
