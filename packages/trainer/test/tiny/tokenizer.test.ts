import { describe, expect, test } from '@jest/globals';
import { DISTORTION_CLASSES, LEVELS } from '@q-insight/rewards';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import seedrandom from 'seedrandom';
import { writeAnswer } from '../../../../examples/tiny/answers.js';
import { trainBpe } from '../../../../examples/tiny/bpe.js';
import { tokenizerFiles } from '../../../../examples/tiny/tokenizer.js';
import { QUESTIONS, taskMessages } from '../../src/data/tasks.js';
import { readChatTemplate } from '../../src/models/qwen2.5-vl/chat-template.js';
import { readTokenizer } from '../../src/models/qwen2.5-vl/tokenizer.js';
import { flat } from '../images/degradations/synthetic.js';

const folder = path.join(import.meta.dirname, '../../../../examples/tiny/tokenizer');
const tokenizer = await readTokenizer(folder);
const pieces = (text: string) => tokenizer.encode(text).map((id) => tokenizer.token(id));

test.each(Object.entries(tokenizerFiles()))('the committed %s is what the script makes', (name, content) => {
  expect(readFileSync(path.join(folder, name), 'utf8')).toBe(content);
});

test('reads any text back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const normal = text.normalize('NFC');
      fc.pre(!normal.includes('<|'));
      expect(tokenizer.decode(tokenizer.encode(text), 'keep')).toBe(normal);
    }),
  );
});

test('digits stay single, classes, severities and the parts of the layout are single tokens', () => {
  expect(pieces('3.52')).toEqual(['3', '.', '5', '2']);
  for (const word of [...DISTORTION_CLASSES, ...LEVELS, 'rating', 'severity', 'think', 'answer', '"}</']) {
    expect(pieces(word)).toEqual([word]);
  }
});

test('a prompt takes 15 tokens beside those of its image, an answer at most 37', async () => {
  const template = await readChatTemplate(folder);
  const lengths = (['score', 'degradation'] as const).map(
    (task) => tokenizer.encode(template(taskMessages(task, flat(2, 2, 0), { style: 'short' }))).length,
  );
  expect(lengths).toEqual([15, 15]); // one of them the placeholder that becomes 16
  const random = seedrandom('answers');
  for (let i = 0; i < 500; i++) {
    const distortionClass = DISTORTION_CLASSES[i % 5]!;
    const level = distortionClass === 'null' ? 'null' : LEVELS[i % LEVELS.length]!;
    const answer = writeAnswer({ task: 'degradation', distortionClass, level }, random);
    expect(tokenizer.encode(`${answer}<|im_end|>`).length).toBeLessThanOrEqual(37);
  }
});

test('the template is ChatML: no system message of its own, the answer opened', async () => {
  const template = await readChatTemplate(folder);
  expect(template(taskMessages('score', flat(2, 2, 0), { style: 'short' }))).toBe(
    `<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>${QUESTIONS.short.score}<|im_end|>\n<|im_start|>assistant\n`,
  );
});

describe('trainBpe', () => {
  test('merges the pair seen most often, first by code points when equal', () => {
    // ab 4 times, then abc (3) before d e (2)
    const { merges, vocabulary } = trainBpe(['abc', 'abc', 'abc', 'ab', 'de', 'de'], 3);
    expect(merges).toEqual([
      ['a', 'b'],
      ['ab', 'c'],
      ['d', 'e'],
    ]);
    expect(vocabulary['ab']).toBe(256);
    expect(vocabulary['!']).toBe(0);
    expect(trainBpe(['xy', 'xy', 'ab', 'ab'], 1).merges).toEqual([['a', 'b']]);
  });

  test('stops when no pair is seen twice, and never merges across pieces or digits', () => {
    expect(trainBpe(['ab cd'], 9).merges).toEqual([]);
    expect(trainBpe(['12', '12', '12'], 9).merges).toEqual([]);
  });
});
