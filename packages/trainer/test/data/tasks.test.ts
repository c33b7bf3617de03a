import { expect, test } from '@jest/globals';
import { answerJson, comparisonMessages, QUESTIONS, taskMessages } from '../../src/data/tasks.js';
import { flat } from '../images/degradations/synthetic.js';

test('the full questions name the JSON keys, every class and every severity', () => {
  expect(QUESTIONS.full.score).toContain('"rating"');
  for (const word of [
    'distortion_class',
    'severity',
    'noise',
    'blur',
    'compression',
    'darken',
    'null',
    'slight',
    'catastrophic',
  ]) {
    // prettier-ignore
    expect(QUESTIONS.full.degradation).toContain(`"${word}"`);
  }
});

test('the image comes before the question; only the full style has a system prompt', () => {
  const image = flat(4, 4, 0);
  expect(taskMessages('score', image, { style: 'short' })).toEqual([
    {
      role: 'user',
      content: [
        { type: 'image', image },
        { type: 'text', text: QUESTIONS.short.score },
      ],
    },
  ]);
  const [system, user] = taskMessages('degradation', image);
  expect(system!.content).toContain('<think>reasoning</think><answer>answer</answer>');
  expect(user!.content).toContainEqual({ type: 'text', text: QUESTIONS.full.degradation });
});

test('right answers as JSON', () => {
  expect(JSON.parse(answerJson({ task: 'score', score: 3.5 }))).toEqual({ rating: 3.5 });
  expect(answerJson({ task: 'score', score: 3.5 })).toBe('{"rating": 3.50}');
  expect(JSON.parse(answerJson({ task: 'degradation', distortionClass: 'null', level: 'null' }))).toEqual({
    distortion_class: 'null',
    severity: 'null',
  });
});

test('words of your own take the place of the style, each by itself; the image may stand after them', () => {
  const image = flat(4, 4, 0);
  const [system, user] = taskMessages('score', image, { wording: { score: 'Well?' }, images: 'last' });
  expect(system!.content).toContain('<think>');
  expect(user!.content).toEqual([
    { type: 'text', text: 'Well?' },
    { type: 'image', image },
  ]);
  const plain = taskMessages('degradation', image, { wording: { score: 'Well?', system: '' } });
  expect(plain).toEqual([{ role: 'user', content: [{ type: 'image', image }, { type: 'text', text: QUESTIONS.full.degradation }] }]); // prettier-ignore
  const [pair] = comparisonMessages({ a: image, b: image }, { wording: { comparison: 'Which?', system: '' }, images: 'last' }); // prettier-ignore
  const texts = (pair!.content as { type: string; text?: string }[]).map(({ type, text }) => text ?? type);
  expect(texts).toEqual(['Which?', 'Image A:', 'image', 'Image B:', 'image']);
});
