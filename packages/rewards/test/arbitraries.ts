import fc from 'fast-check';
import { DISTORTION_CLASSES, LEVELS, type Label, type Sample } from '../src/sample.js';

/** Any label of any task. */
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

const PIECES = [
  '<think>', '</think>', '<answer>', '</answer>', '{', '}', '"', "'", ':', ',', '\\', '```json\n', '```', '\n', ' ', '\r\n',
  '"rating"', '"distortion_class"', '"severity"', '3.5', '7', '-1', '.', '1e999', 'null', 'None', 'blur', '"JPEG"', 'slight',
  'Image A', 'Similar', '\u0000', '\ud800', '\u202e', '\u0085', '\ufeff', '३', '[', ']', '__proto__', 'constructor',
]; // prettier-ignore

/** Texts near the format: tags, keys and values in any order, mixed with anything; lone surrogates and NUL included. */
export const anyText: fc.Arbitrary<string> = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...PIECES) }, fc.string({ unit: 'binary', maxLength: 8 })), {
    maxLength: 30,
  })
  .map((pieces) => pieces.join(''));

/** Texts of the asked-for layout, with anything in it. */
export const anyLaidOut: fc.Arbitrary<string> = fc
  .tuple(anyText, anyText, fc.constantFrom('', '\n', ' '))
  .map(([think, answer, gap]) => `<think>${gap}${think}${gap}</think>${gap}<answer>${gap}${answer}${gap}</answer>`);

/** Any sample. */
export const anySample: fc.Arbitrary<Sample> = fc.record({
  id: fc.uuid(),
  group: fc.constantFrom('a', 'b'),
  completion: fc.oneof(anyText, anyLaidOut),
  label: anyLabel,
});
