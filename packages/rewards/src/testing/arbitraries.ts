import fc from 'fast-check';
import { DISTORTION_CLASSES, LEVELS, type Label, type Sample } from '../sample.js';

/** Any label of any of the three tasks. */
export const anyLabel: fc.Arbitrary<Label> = fc.oneof(
  fc.record({ task: fc.constant('score' as const), score: fc.double({ min: 1, max: 5, noNaN: true }) }),
  fc.record({
    task: fc.constant('degradation' as const),
    distortionClass: fc.constantFrom(...DISTORTION_CLASSES),
    level: fc.constantFrom(...LEVELS, 'null' as const),
  }),
  fc.record({
    task: fc.constant('comparison' as const),
    better: fc.constantFrom('Image A' as const, 'Image B' as const, 'Similar' as const),
  }),
);

/** What answers are made of, and what has broken parsers. */
const PIECES = [
  '<think>', '</think>', '<answer>', '</answer>', '<tool_call>', '</tool_call>', '{', '}', '"', "'", ':', ',', '\\',
  '```json\n', '```', '\n', ' ', '\r\n', '"rating"', '"distortion_class"', '"severity"', '"bbox_2d"', '3.5', '7', '-1', '.',
  '1e999', 'null', 'None', 'blur', '"JPEG"', 'slight', 'Image A', 'Similar', '[', ']', '__proto__', 'constructor',
  '\u0000', '\ud800', '\udc00', '\u202e', '\u0085', '\ufeff', '\u0663', '\u00e9', '\u56fe\u50cf',
]; // prettier-ignore

/**
 * Texts near an answer: tags, keys and values in any order, mixed with anything. Lone surrogates, NUL, right-to-left marks and
 * digits of other scripts are among it.
 */
export const anyText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ unit: 'binary', maxLength: 8 })), {
    maxLength: 30,
  })
  .map((pieces) => pieces.join(''));

const aScore = fc.oneof(fc.double({ min: 0, max: 6, noNaN: true }).map((value) => value.toFixed(2)), anyText); // prettier-ignore

/** Answers as a model that has learnt the format writes them: some right, some wrong. */
const anyAnswer: fc.Arbitrary<string> = fc.oneof(
  aScore.map((score) => `{"rating": ${score}}`),
  fc
    .tuple(fc.constantFrom(...DISTORTION_CLASSES, 'haze'), fc.constantFrom(...LEVELS, 'null', '3'))
    .map(([name, level]) => `{"distortion_class": "${name}", "severity": "${level}"}`),
  fc.constantFrom('Image A', 'Image B', 'Similar', 'image a.'),
  anyText,
);

/** Completions of the asked-for layout, with anything in them. */
export const anyLaidOut: fc.Arbitrary<string> = fc
  .tuple(anyText, anyAnswer, fc.constantFrom('', '\n', ' '))
  .map(([think, answer, gap]) => `<think>${gap}${think}${gap}</think>${gap}<answer>${gap}${answer}${gap}</answer>`);

/** Any completion, sensible or not. */
export const anyCompletion: fc.Arbitrary<string> = fc.oneof(anyText, anyLaidOut);

/**
 * Batches of samples: unique ids, groups whose members share their label, any completions.
 *
 * @param labels - the labels to draw from
 * @example
 * ```ts
 * fc.assert(fc.asyncProperty(anyBatch(), async (samples) => { … }));
 * ```
 */
export function anyBatch(labels: fc.Arbitrary<Label> = anyLabel): fc.Arbitrary<Sample[]> {
  const member = fc.record({
    completion: anyCompletion,
    completionIds: fc.array(fc.nat(50), { maxLength: 40 }),
    finishReason: fc.constantFrom('stop' as const, 'length' as const),
  });
  const group = fc.record({ label: labels, members: fc.array(member, { minLength: 1, maxLength: 5 }) });
  return fc
    .array(group, { minLength: 1, maxLength: 4 })
    .map((groups) =>
      groups.flatMap(({ label, members }, g) =>
        members.map((one, m): Sample => ({ id: `${g}.${m}`, group: `g${g}`, label, ...one })),
      ),
    );
}
