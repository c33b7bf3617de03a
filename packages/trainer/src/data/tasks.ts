import { DISTORTION_CLASSES, LEVELS, type Label } from '@q-insight/rewards';
import type { ImagePart, Message, RgbImage, TextPart } from './prompt.js';

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

/** How questions are put. */
export interface AskingOptions {
  /** Length of the questions. @defaultValue 'full' */
  readonly style?: PromptStyle | undefined;
  /** Words of your own, each in place of the style's; an empty `system` leaves the system prompt out. */
  readonly wording?: { readonly [Part in SingleImageTask | 'comparison' | 'system']?: string | undefined } | undefined;
  /** Whether images stand before the question or after it. @defaultValue 'first' */
  readonly images?: 'first' | 'last' | undefined;
}

/** The chat that puts a task to a model: an image and a question; in the full style with the system prompt first. */
export function taskMessages(task: SingleImageTask, image: RgbImage, asking: AskingOptions = {}): Message[] {
  const { style = 'full', wording } = asking;
  return chat([{ type: 'image', image }], wording?.[task] ?? QUESTIONS[style][task], asking);
}

function chat(images: readonly (TextPart | ImagePart)[], question: string, asking: AskingOptions): Message[] {
  const { style = 'full', wording, images: place = 'first' } = asking;
  const text = { type: 'text', text: question } as const;
  const content = place === 'first' ? [...images, text] : [text, ...images];
  const system = wording?.system ?? (style === 'full' ? SYSTEM_PROMPT : '');
  return [...(system === '' ? [] : [{ role: 'system', content: system } as const]), { role: 'user', content }];
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
export function comparisonMessages({ reference, a, b }: ComparedImages, asking: AskingOptions = {}): Message[] {
  const { style = 'full', wording } = asking;
  const named = (text: string, image: RgbImage) => [{ type: 'text', text } as const, { type: 'image', image } as const];
  const shown = reference === undefined ? [] : named('A low-quality image that both of the following were made from:', reference); // prettier-ignore
  const images = [...shown, ...named('Image A:', a), ...named('Image B:', b)];
  return chat(images, wording?.comparison ?? COMPARISON_QUESTION[style], asking);
}

/** The JSON object of a right answer. */
export function answerJson(label: Exclude<Label, { task: 'comparison' | 'none' }>): string {
  if (label.task === 'score') return `{"rating": ${label.score.toFixed(2)}}`;
  return `{"distortion_class": "${label.distortionClass}", "severity": "${label.level}"}`;
}
