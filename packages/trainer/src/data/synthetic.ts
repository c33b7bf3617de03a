import { LEVELS, type DistortionClass } from '@q-insight/rewards';
import seedrandom from 'seedrandom';
import { classOf, degrade, FULL_LADDER, type DegradationName } from '../images/degradations/dq495k.js';
import type { Severity } from '../images/degradations/samples.js';
import { cut, drawCrop } from './crop.js';
import { photoReader } from './photos.js';
import type { Dataset, Prompt, RgbImage } from './prompt.js';
import { proxyScore } from './proxy-score.js';
import { SINGLE_IMAGE_TASKS, taskMessages, type PromptStyle, type SingleImageTask } from './tasks.js';

/** Options of {@link syntheticDegradations}. */
export interface SyntheticOptions {
  /** Folder of the photographs. */
  readonly folder: string;
  /** File names inside the folder. */
  readonly photos: readonly string[];
  /** Number of prompts. */
  readonly size: number;
  /** With an index it decides everything about a prompt. */
  readonly seed: string;
  /** Asked in turn: prompt i has task i modulo their number. @defaultValue score and degradation */
  readonly tasks?: readonly SingleImageTask[];
  /** Classes are drawn evenly among those that occur here, then functions evenly within the class. @defaultValue the full ladder */
  readonly functions?: readonly DegradationName[];
  /** Side of the square crop in pixels. @defaultValue 112 */
  readonly cropSize?: number;
  /** Length of the questions. @defaultValue 'full' */
  readonly style?: PromptStyle;
}

/**
 * Questions about photographs that were cropped and degraded a moment ago, so that their labels are known: class and
 * level exactly, the score as a proxy (see {@link proxyScore}), never a MOS. Prompt `i` depends on `seed` and `i`
 * alone. Its id is `<task>:<photo>:<i>`.
 *
 * @throws at once when a photograph is missing, and from `get` when one cannot be decoded; the message names the file.
 */
export function syntheticDegradations(options: SyntheticOptions): Dataset {
  const { folder, photos, size, seed } = options;
  const tasks = options.tasks ?? SINGLE_IMAGE_TASKS;
  const cropSize = options.cropSize ?? 112;
  const classes = byClass(options.functions ?? FULL_LADDER);
  if (tasks.length === 0) throw new Error('syntheticDegradations: tasks must not be empty');
  const read = photoReader(folder, photos);

  return {
    length: size,
    async get(index): Promise<Prompt> {
      if (!Number.isInteger(index) || index < 0 || index >= size) {
        throw new RangeError(`syntheticDegradations: index must be an integer in [0, ${size}), got ${index}`);
      }
      const random = seedrandom(JSON.stringify([seed, index]));
      const draw = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!;
      const photo = await read(draw(photos));
      const clean = cut(photo, drawCrop(photo, cropSize, random), cropSize);
      const name = draw(draw(classes));
      const severity = draw([1, 2, 3, 4, 5] as const);
      const image = await degrade(clean, { name, severity, seed: JSON.stringify([seed, index, name]) });
      const task = tasks[index % tasks.length]!;
      const label = task === 'score' ? scoreLabel(clean, image) : degradationLabel(name, severity);
      return {
        id: `${task}:${photo.name}:${index}`,
        messages: taskMessages(task, image, options.style ?? 'full'),
        label,
      };
    },
  };
}

function scoreLabel(clean: RgbImage, image: RgbImage) {
  return { task: 'score', score: proxyScore(clean, image) } as const;
}

function degradationLabel(name: DegradationName, severity: Severity) {
  const distortionClass = classOf(name);
  const level = distortionClass === 'null' ? 'null' : LEVELS[severity - 1]!;
  return { task: 'degradation', distortionClass, level } as const;
}

function byClass(functions: readonly DegradationName[]): DegradationName[][] {
  const classes = new Map<DistortionClass, DegradationName[]>();
  for (const name of functions) classes.set(classOf(name), [...(classes.get(classOf(name)) ?? []), name]);
  if (classes.size === 0) throw new Error('syntheticDegradations: functions must not be empty');
  return [...classes.values()];
}
