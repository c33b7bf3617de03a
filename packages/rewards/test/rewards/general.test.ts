import { describe, expect, test } from '@jest/globals';
import {
  cosineLengthReward,
  exactReward,
  jsonSchemaReward,
  languageReward,
  numericReward,
  repetitionReward,
  scoreReward,
  softOverlongReward,
  tagCountReward,
  type JsonSchema,
} from '../../src/index.js';
import { BLUR_LABEL, sampleOf } from '../samples.js';

const answer = (text: string): ReturnType<typeof sampleOf> => sampleOf(`<answer>${text}</answer>`);

describe('soft overlong', () => {
  test('scales, explains, and says what it lacks', () => {
    const reward = softOverlongReward({ maxLength: 10, cache: 4, factor: 2 });
    const sample = { ...sampleOf(''), completionIds: [1, 2, 3, 4, 5, 6, 7] };
    expect(reward.score(sample)).toBe(-0.5); // one of four past the free six, times two
    expect(reward.explain?.(sample)).toBe('7 tokens, 6 are free, 10 the most');
    expect(() => reward.score(sampleOf(''))).toThrow('softOverlongReward: sample "s" has no completionIds');
  });

  test.each([
    [{ maxLength: 10, cache: 11 }, 'cache must be between 0 and maxLength 10, got 11'],
    [{ maxLength: 10, cache: -1 }, 'cache must be between 0 and maxLength 10, got -1'],
    [{ maxLength: 10, cache: 0, beyond: 'continue' as const }, 'a ramp that continues needs a cache above 0'],
  ])('%j is refused', (options, message) => {
    expect(() => softOverlongReward(options)).toThrow(message);
  });
});

test('repetition: options are checked, short texts are free', () => {
  expect(repetitionReward({ size: 1 }).score(sampleOf('soft and soft and'))).toBe(-0.5);
  expect(repetitionReward().score(sampleOf('soft soft'))).toBe(0);
  expect(() => repetitionReward({ size: 0 })).toThrow('size must be an integer of at least 1, got 0');
  expect(() => repetitionReward({ penalty: -Infinity })).toThrow('penalty must be at most 0, got -Infinity');
  expect(() => repetitionReward({ penalty: 1 })).toThrow('penalty must be at most 0, got 1');
  expect(() => repetitionReward({ unit: 'tokens' }).score(sampleOf('a'))).toThrow('has no completionIds');
});

test('ranges hold the ends of what can come out', () => {
  expect(cosineLengthReward({ accuracy: scoreReward(), maxLength: 9 }).range).toEqual([-1, 1]);
  expect(softOverlongReward({ maxLength: 9, cache: 3, factor: 2 }).range).toEqual([-2, 0]);
  expect(softOverlongReward({ maxLength: 9, cache: 3, beyond: 'continue' }).range).toEqual([-Infinity, 0]);
  expect(repetitionReward({ penalty: -3 }).range).toEqual([-3, 0]);
});

test('cosine length: null where the accuracy is', async () => {
  expect(
    await cosineLengthReward({ accuracy: scoreReward(), maxLength: 9 }).score(sampleOf('', BLUR_LABEL)),
  ).toBeNull();
  expect(() => cosineLengthReward({ accuracy: scoreReward(), maxLength: 0 })).toThrow(
    'maxLength must be above 0, got 0',
  );
});

test.each([
  ['<think>a</think><answer>b</answer>', 1],
  ['<think>a</think><answer>', 0.75],
  ['<think><think></think><answer></answer>', 0.75],
  ['', 0],
])('tag count of %j is %d', (completion, value) => {
  expect(tagCountReward().score(sampleOf(completion))).toBe(value);
});

test('tag count with the tags of open-r1, and with none', () => {
  const tags = ['<think>\n', '\n</think>\n', '\n<answer>\n', '\n</answer>'];
  expect(tagCountReward({ tags }).score(sampleOf('<think>\na\n</think>\n\n<answer>\nb\n</answer>'))).toBe(1);
  expect(tagCountReward({ tags }).score(sampleOf('<think>a</think><answer>b</answer>'))).toBe(0);
  expect(() => tagCountReward({ tags: [] })).toThrow('tags must be some texts that are not empty');
});

test('exact: as written, or folded', () => {
  const strict = exactReward({ expected: () => 'A Cat' });
  const folded = exactReward({ expected: () => 'A Cat', match: 'folded' });
  expect([strict.score(answer(' A Cat ')), strict.score(answer('a cat')), strict.score(sampleOf('A Cat'))]).toEqual([
    1, 0, 0,
  ]);
  expect([folded.score(answer('a  cat.')), folded.score(answer('a dog'))]).toEqual([1, 0]);
  expect(exactReward({ expected: () => undefined }).score(answer('x'))).toBeNull();
  expect(strict.explain?.(answer('a cat'))).toBe('said "a cat", expected "A Cat"');
});

test('numeric: absolute or relative tolerance, whichever is larger', () => {
  const score = (text: string, options: object = {}): unknown =>
    numericReward({ expected: () => 40, ...options }).score(answer(text));
  expect([score('x = 40'), score('40.1'), score('none')]).toEqual([1, 0, 0]);
  expect([score('40.4', { relative: 0.01 }), score('40.5', { relative: 0.01 })]).toEqual([1, 0]);
  expect(score('41', { tolerance: 1 })).toBe(1);
  expect(numericReward({ expected: () => undefined }).score(answer('1'))).toBeNull();
});

test.each([
  ['blur 模糊', 4 / 6],
  ['blur', 1],
  ['模糊', 0],
  ['123 !', 1],
])('language of %j', (completion, value) => {
  expect(languageReward().score(sampleOf(completion))).toBeCloseTo(value, 12);
});

test('language: several scripts, and one that does not exist', () => {
  expect(languageReward({ scripts: ['Latin', 'Han'] }).score(sampleOf('blur 模糊'))).toBe(1);
  expect(() => languageReward({ scripts: ['Klingon'] })).toThrow(SyntaxError);
});

describe('JSON schema', () => {
  const schema: JsonSchema = {
    type: 'object',
    required: ['rating'],
    additionalProperties: false,
    properties: {
      rating: { type: 'number', minimum: 1, maximum: 5 },
      severity: { enum: ['slight', null] },
      boxes: { type: 'array', minItems: 1, maxItems: 2, items: { type: ['integer', 'null'] } },
    },
  };

  test.each([
    ['{"rating": 3}', 'the answer fits the schema'],
    ['{"rating": 3, "severity": null, "boxes": [1, null]}', 'the answer fits the schema'],
    ['{"rating": 0}', 'the answer.rating must be at least 1'],
    ['{"rating": 6}', 'the answer.rating must be at most 5'],
    ['{"rating": "3"}', 'the answer.rating must be of type number'],
    ['{}', 'the answer must have the key "rating"'],
    ['[]', 'the answer must be of type object'],
    ['{"rating": 3, "x": 1}', 'the answer must not have the key "x"'],
    ['{"rating": 3, "severity": "bad"}', 'the answer.severity must be one of ["slight",null]'],
    ['{"rating": 3, "boxes": []}', 'the answer.boxes must have at least 1 items'],
    ['{"rating": 3, "boxes": [1, 2, 3]}', 'the answer.boxes must have at most 2 items'],
    ['{"rating": 3, "boxes": [1.5]}', 'the answer.boxes[0] must be of type integer or null'],
    ['{"rating": 3', 'the answer is not JSON: "{\\"rating\\": 3"'],
  ])('%j: %s', (text, reason) => {
    const reward = jsonSchemaReward({ schema });
    expect(reward.explain?.(answer(text))).toBe(reason);
    expect(reward.score(answer(text))).toBe(reason === 'the answer fits the schema' ? 1 : 0);
  });

  test('a keyword it does not know is refused at once, wherever it is', () => {
    const unknown = { items: { properties: { a: { pattern: 'x' } } } } as JsonSchema;
    expect(() => jsonSchemaReward({ schema: unknown })).toThrow('the keyword "pattern" is not supported');
  });
});
