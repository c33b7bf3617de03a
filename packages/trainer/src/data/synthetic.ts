import { LEVELS, type DegradationLabel, type ScoreLabel } from '@q-insight/rewards';
import { distortionClassOf } from '../images/degradations/dq495k.js';
import { degradedCrops, type DegradedCrop, type DegradedCropsOptions } from './degraded-crops.js';
import type { Dataset, Prompt } from './prompt.js';
import { proxyScore } from './proxy-score.js';
import { SINGLE_IMAGE_TASKS, taskMessages, type AskingOptions, type SingleImageTask } from './tasks.js';

/** Options of {@link syntheticDegradations}. */
export interface SyntheticOptions extends DegradedCropsOptions, AskingOptions {
  /** Number of prompts. */
  readonly size: number;
  /** Asked in turn: prompt i has task i modulo their number. @defaultValue score and degradation */
  readonly tasks?: readonly SingleImageTask[];
}

/**
 * Questions about photographs that were cropped and degraded a moment ago, so that their labels are known: class and
 * level exactly, the score as a proxy (see {@link proxyScore}), never a MOS. Prompt `i` depends on `seed` and `i`
 * alone. Its id is `<task>:<photo>:<i>`.
 *
 * @throws at once when a photograph is missing, and from `get` when one cannot be decoded; the message names the file.
 */
export function syntheticDegradations(options: SyntheticOptions): Dataset {
  const { size, tasks = SINGLE_IMAGE_TASKS } = options;
  if (tasks.length === 0) throw new Error('syntheticDegradations: tasks must not be empty');
  const draw = degradedCrops(options);
  return {
    length: size,
    indexOf(id) {
      const index = /:(\d+)$/.exec(id)?.[1];
      return index === undefined ? undefined : Number(index);
    },
    async get(index): Promise<Prompt> {
      if (!Number.isInteger(index) || index < 0 || index >= size) {
        throw new RangeError(`syntheticDegradations: index must be an integer in [0, ${size}), got ${index}`);
      }
      const crop = await draw(index);
      const task = tasks[index % tasks.length]!;
      const label = task === 'score' ? scoreLabel(crop) : degradationLabel(crop);
      return { id: `${task}:${crop.photo}:${index}`, messages: taskMessages(task, crop.image, options), label };
    },
  };
}

/** The proxy score of a crop as a label. */
export function scoreLabel({ clean, image }: DegradedCrop): ScoreLabel {
  return { task: 'score', score: proxyScore(clean, image), proxy: true };
}

/** What was done to a crop as a label. */
export function degradationLabel({ name, severity }: DegradedCrop): DegradationLabel {
  const distortionClass = distortionClassOf(name);
  const level = distortionClass === 'null' ? 'null' : LEVELS[severity - 1]!;
  return { task: 'degradation', distortionClass, level };
}
