import { DISTORTION_CLASSES, LEVELS, type Label } from '@q-insight/rewards';
import type { Message, RgbImage } from './prompt.js';

/** Tasks that ask about one image. */
export const SINGLE_IMAGE_TASKS = ['score', 'degradation'] as const;
/** One of {@link SINGLE_IMAGE_TASKS}. */
export type SingleImageTask = (typeof SINGLE_IMAGE_TASKS)[number];

/**
 * How much a question says. `full` explains the layout and the choices, for checkpoints that know language; `short` is
 * a few words, for models trained on nothing but these questions.
 */
export type PromptStyle = 'full' | 'short';

const quoted = (words: readonly string[]) => words.map((word) => `"${word}"`).join(', ');

/** The layout of every answer: reasoning, then a JSON object, each in its tags (after Q-Insight, arXiv 2503.22679, Table A). */
export const SYSTEM_PROMPT =
  'You judge the quality of images. First reason about what you see, then give your answer. ' +
  'Put the reasoning between <think> and </think> and the answer between <answer> and </answer>, like this: ' +
  '<think>reasoning</think><answer>answer</answer>';

/** Asks for what Q-Insight asks for, with its JSON keys (`rating`; `distortion_class` and `severity`), in words of our own. */
export const QUESTIONS: Readonly<Record<PromptStyle, Readonly<Record<SingleImageTask, string>>>> = {
  full: {
    score:
      'How good is the quality of this image? Rate it with a number from 1 (very bad) to 5 (very good) with two ' +
      'decimals. Answer in JSON with the key "rating", for example {"rating": 3.52}.',
    degradation:
      'Which distortion does this image have, and how strong is it? ' +
      `The distortion is one of ${quoted(DISTORTION_CLASSES)}, its severity one of ${quoted(LEVELS)}; ` +
      'when there is none, both are "null". Answer in JSON with the keys "distortion_class" and "severity", ' +
      'for example {"distortion_class": "noise", "severity": "obvious"}.',
  },
  short: { score: 'Rate the quality.', degradation: 'Name the distortion.' },
};

/** The chat that puts a task to a model: the image, then the question; in the full style with the system prompt first. */
export function taskMessages(task: SingleImageTask, image: RgbImage, style: PromptStyle): Message[] {
  const question: Message = {
    role: 'user',
    content: [
      { type: 'image', image },
      { type: 'text', text: QUESTIONS[style][task] },
    ],
  };
  return style === 'full' ? [{ role: 'system', content: SYSTEM_PROMPT }, question] : [question];
}

/** Two images to be compared, and the one both were made from. */
export interface ComparedImages {
  readonly reference?: RgbImage;
  readonly a: RgbImage;
  readonly b: RgbImage;
}

const COMPARISON_QUESTION: Readonly<Record<PromptStyle, string>> = {
  full: 'Which of the two images has the better quality? ' + 'Answer with exactly one of: Image A, Image B, Similar.',
  short: 'Which is better?',
};

/**
 * The chat that puts a comparison to a model: the images in the order of Q-Insight's (reference, A, B), each after its
 * name, then the question; in the full style with the system prompt first.
 */
export function comparisonMessages({ reference, a, b }: ComparedImages, style: PromptStyle): Message[] {
  const named = (text: string, image: RgbImage) => [{ type: 'text', text } as const, { type: 'image', image } as const];
  const shown = reference === undefined ? [] : named('A low-quality image that both of the following were made from:', reference); // prettier-ignore
  const question: Message = {
    role: 'user',
    content: [
      ...shown,
      ...named('Image A:', a),
      ...named('Image B:', b),
      { type: 'text', text: COMPARISON_QUESTION[style] },
    ],
  };
  return style === 'full' ? [{ role: 'system', content: SYSTEM_PROMPT }, question] : [question];
}

/** The JSON object of a right answer. */
export function answerJson(label: Exclude<Label, { task: 'comparison' | 'none' }>): string {
  if (label.task === 'score') return `{"rating": ${label.score.toFixed(2)}}`;
  return `{"distortion_class": "${label.distortionClass}", "severity": "${label.level}"}`;
}
