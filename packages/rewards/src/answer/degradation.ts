import { DISTORTION_CLASSES, LEVELS, type DistortionClass, type Level } from '../sample.js';
import { oneField, readFields } from './fields.js';
import { missing, quote, type Reading } from './reading.js';
import { findAnswer, type Which } from './tags.js';

/** A distortion as a completion names it. */
export interface DegradationAnswer {
  /** The class, or 'null' for a clean image. */
  readonly distortionClass: DistortionClass;
  /** Absent when the completion gives no level that can be read. */
  readonly level?: Level | 'null';
  /** Why there is no level. */
  readonly whyNoLevel?: string;
}

/** Options of {@link readDegradation}. */
export interface ReadDegradationOptions {
  /**
   * More names for the classes, in lower case, beside {@link DISTORTION_ALIASES}.
   * @defaultValue none
   */
  readonly aliases?: Readonly<Record<string, DistortionClass>>;
  /**
   * Which answer counts when there are several.
   * @defaultValue 'first'
   */
  readonly which?: Which;
}

/** Names that models use for the classes beside the prompt's own; the paper itself writes "JPEG" where its code has "compression". */
export const DISTORTION_ALIASES: Readonly<Record<string, DistortionClass>> = {
  jpeg: 'compression',
  jpg: 'compression',
  'jpeg compression': 'compression',
  'compression artifacts': 'compression',
  blurry: 'blur',
  blurring: 'blur',
  noisy: 'noise',
  dark: 'darken',
  darkening: 'darken',
  none: 'null',
  'n/a': 'null',
  'no distortion': 'null',
};

/**
 * The distortion in a completion: `distortion_class` and `severity` in the JSON object of the answer, in any order and any
 * case. A level may be a word or a number 1 to 5; JSON's null, "null", "none" and level 0 mean no distortion. Without a
 * class nothing is read; without a level the class still is. Never throws.
 *
 * Source of task, keys and words: Q-Insight's degradation prompt (arXiv 2503.22679, appendix).
 *
 * @example
 * ```ts
 * readDegradation('<answer>{"distortion_class": "JPEG", "severity": 2}</answer>');
 * // value: { distortionClass: 'compression', level: 'moderate' }
 * ```
 */
export function readDegradation(text: string, options: ReadDegradationOptions = {}): Reading<DegradationAnswer> {
  const answer = findAnswer(text, options.which);
  if (!('value' in answer)) return answer;
  const fields = readFields(text, answer.place.start, answer.place.end);
  if (!('value' in fields)) return fields;
  const named = oneField(fields.value, 'distortion_class', fields.place);
  if (!('value' in named)) return named;
  const distortionClass = toClass(named.value.text, options.aliases);
  if (distortionClass === undefined) {
    const { start, end } = named.place;
    return missing(`${quote(named.value.text)} is none of ${DISTORTION_CLASSES.join(', ')}`, start, end);
  }
  const severity = oneField(fields.value, 'severity', fields.place);
  if (!('value' in severity)) {
    return { value: { distortionClass, whyNoLevel: severity.reason }, place: fields.place };
  }
  const level = toLevel(severity.value.text);
  if (level === undefined) {
    const whyNoLevel = `${quote(severity.value.text)} is none of ${LEVELS.join(', ')}, null`;
    return { value: { distortionClass, whyNoLevel }, place: fields.place };
  }
  return { value: { distortionClass, level }, place: fields.place };
}

function toClass(written: string, aliases: ReadDegradationOptions['aliases'] = {}): DistortionClass | undefined {
  const name = written.trim().toLowerCase();
  const known = DISTORTION_CLASSES.find((distortionClass) => distortionClass === name);
  if (known !== undefined) return known;
  if (Object.hasOwn(aliases, name)) return aliases[name];
  return Object.hasOwn(DISTORTION_ALIASES, name) ? DISTORTION_ALIASES[name] : undefined;
}

function toLevel(written: string): Level | 'null' | undefined {
  const name = written.trim().toLowerCase();
  if (name === '0' || toClass(name) === 'null') return 'null';
  if (/^[1-5]$/.test(name)) return LEVELS[Number(name) - 1];
  return LEVELS.find((level) => level === name);
}
