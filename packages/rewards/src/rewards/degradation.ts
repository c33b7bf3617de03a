import { readDegradation, type ReadDegradationOptions } from '../answer/degradation.js';
import { quote, type Reading } from '../answer/reading.js';
import { upstreamDegradation } from '../answer/upstream.js';
import { notApplicable, rewardFrom, type Judgement, type Reward } from '../reward.js';
import type { DegradationLabel } from '../sample.js';
import type { Style } from './format.js';

/** Options of {@link degradationReward}. */
export interface DegradationRewardOptions {
  /**
   * Reward for the right class (the paper's alpha 1).
   * @defaultValue 0.25
   */
  readonly classWeight?: number;
  /**
   * Reward on top for the right level of the right class (the paper's alpha 2).
   * @defaultValue 0.75
   */
  readonly levelWeight?: number;
  /**
   * How the answer is read: see {@link Style}. 'upstream' ignores `read`.
   * @defaultValue 'default'
   */
  readonly style?: Style;
  /**
   * Aliases and choice of answer of the default style.
   * @defaultValue the built-in aliases, first answer
   */
  readonly read?: ReadDegradationOptions;
}

/**
 * Whether the distortion was named rightly: `classWeight` for the class, `levelWeight` on top when the level is right too.
 * A level is never right without its class. A completion without a readable class gets 0; a sample of another task `null`.
 *
 * Source: r_deg and r_lev of Q-Insight, arXiv 2503.22679, section 3.2; weights 0.25 and 0.75 from section 4.1.
 * Range: 0 to classWeight + levelWeight. Throws a RangeError when a weight is negative or not finite; scoring never throws.
 *
 * @example
 * ```ts
 * const label = { task: 'degradation', distortionClass: 'blur', level: 'slight' } as const;
 * const completion = '<answer>{"distortion_class": "blur", "severity": "obvious"}</answer>';
 * degradationReward().score({ id: '1', group: 'a', completion, label }); // 0.25
 * ```
 */
export function degradationReward(options: DegradationRewardOptions = {}): Reward {
  const { classWeight = 0.25, levelWeight = 0.75, style = 'default', read = {} } = options;
  for (const [name, weight] of Object.entries({ classWeight, levelWeight })) {
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(`degradationReward: ${name} must be a number of at least 0, got ${weight}`);
    }
  }
  return rewardFrom('degradation', [0, classWeight + levelWeight], (sample): Judgement => {
    if (sample.label.task !== 'degradation') return notApplicable(sample);
    const said = style === 'upstream' ? upstreamNamed(sample.completion) : defaultNamed(sample.completion, read);
    if (!('value' in said)) return { value: 0, ...said };
    const { place } = said;
    const { distortionClass, level } = sample.label;
    const { name, level: saidLevel, why } = said.value;
    if (name !== distortionClass)
      return { value: 0, reason: () => `said ${quote(name)}, the label is ${distortionClass}`, place };
    const right = `the class ${distortionClass} is right`;
    if (saidLevel === undefined) return { value: classWeight, reason: () => `${right}, ${why}`, place };
    if (saidLevel !== level) {
      const reason = (): string => `${right}, said level ${quote(saidLevel)}, the label is ${level}`;
      return { value: classWeight, reason, place };
    }
    return { value: classWeight + levelWeight, reason: () => `${right}, and so is its level ${level}`, place };
  });
}

interface Named {
  readonly name: string;
  readonly level?: DegradationLabel['level'] | (string & {});
  readonly why?: string;
}

function upstreamNamed(completion: string): Reading<Named> {
  const reading = upstreamDegradation(completion);
  if (!('value' in reading)) return reading;
  return { value: { name: reading.value.distortionClass, level: reading.value.severity }, place: reading.place };
}

function defaultNamed(completion: string, read: ReadDegradationOptions): Reading<Named> {
  const reading = readDegradation(completion, read);
  if (!('value' in reading)) return reading;
  const { distortionClass: name, level, whyNoLevel = '' } = reading.value;
  return { value: level === undefined ? { name, why: whyNoLevel } : { name, level }, place: reading.place };
}
