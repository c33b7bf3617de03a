import { quote } from '../answer/reading.js';
import { DISTORTION_CLASSES, LEVELS, type Label } from '../sample.js';

/** A label that cannot be read, and why, in words that can follow "ground_truth". */
export interface LabelProblem {
  readonly problem: string;
}

type Columns = Readonly<Record<string, unknown>>;

const FORMS =
  'a score from 1 to 5, {"mos": 3.2}, {"distortion_class": "blur", "severity": "slight"} or {"better": "Image A"}';

/** Reads the label of a sample from its ground truth, or from the dataset's columns when it has none. */
export function readLabel(groundTruth: unknown, columns: Columns = {}): Label | LabelProblem {
  if (groundTruth === null || groundTruth === undefined) return fromColumns(columns);
  const value = typeof groundTruth === 'string' ? parsed(groundTruth) : groundTruth;
  if (typeof value === 'number') return scoreLabel(value, undefined);
  if (isObject(value)) return fromColumns(value);
  return { problem: `must be ${FORMS}, got ${written(groundTruth)}` };
}

/** Numbers and objects that came as text; any other text as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function fromColumns(columns: Columns): Label | LabelProblem {
  const score = columns['score'] ?? columns['mos'];
  const distortion = columns['distortion_class'] ?? columns['distortionClass'];
  const better = columns['better'];
  const named = columns['task'];
  const filled = [
    ...(score === undefined || score === null ? [] : ['score']),
    ...(distortion === undefined || distortion === null ? [] : ['degradation']),
    ...(better === undefined || better === null ? [] : ['comparison']),
  ];
  const tasks = ['score', 'degradation', 'comparison'].includes(named as string) ? [named as string] : filled;
  if (tasks.length > 1) return { problem: `fits the tasks ${tasks.join(' and ')}; say which in "task"` };
  if (tasks[0] === 'score') return scoreLabel(score, columns['std']);
  if (tasks[0] === 'degradation') return degradationLabel(distortion, columns['severity'] ?? columns['level']);
  if (tasks[0] === 'comparison') return comparisonLabel(better);
  const keys = Object.keys(columns);
  return { problem: `must be ${FORMS}, got ${keys.length === 0 ? 'nothing' : `the columns ${keys.slice(0, 8).join(', ')}`}` }; // prettier-ignore
}

function scoreLabel(given: unknown, std: unknown): Label | LabelProblem {
  const score = numberIn(given);
  if (score === undefined || score < 1 || score > 5)
    return { problem: `must hold a score from 1 to 5, got ${written(given)}` };
  if (std === undefined || std === null) return { task: 'score', score };
  const spread = numberIn(std);
  if (spread === undefined || spread < 0)
    return { problem: `must hold a standard deviation of at least 0, got ${written(std)}` };
  return { task: 'score', score, std: spread };
}

function degradationLabel(given: unknown, severity: unknown): Label | LabelProblem {
  const distortionClass = oneOf(DISTORTION_CLASSES, given ?? 'null');
  if (distortionClass === undefined)
    return { problem: `must have a distortion_class of ${DISTORTION_CLASSES.join(', ')}, got ${written(given)}` };
  const level = oneOf([...LEVELS, 'null'] as const, severity ?? 'null');
  if (level === undefined || (level === 'null') !== (distortionClass === 'null'))
    return { problem: `must have a severity of ${LEVELS.join(', ')} ("null" without a distortion), got ${written(severity)}` }; // prettier-ignore
  return { task: 'degradation', distortionClass, level };
}

function comparisonLabel(given: unknown): Label | LabelProblem {
  const choices = ['Image A', 'Image B', 'Similar'] as const;
  const better = oneOf(choices, given);
  if (better !== undefined) return { task: 'comparison', better };
  return { problem: `must have a better of ${choices.join(', ')}, got ${written(given)}` };
}

function oneOf<T extends string>(choices: readonly T[], given: unknown): T | undefined {
  return choices.find((choice) => choice === given);
}

function numberIn(given: unknown): number | undefined {
  if (typeof given !== 'number' && (typeof given !== 'string' || given.trim() === '')) return undefined;
  const value = Number(given);
  return Number.isFinite(value) ? value : undefined;
}

function isObject(value: unknown): value is Columns {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function written(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? quote(value) : JSON.stringify(value).slice(0, 60);
}
