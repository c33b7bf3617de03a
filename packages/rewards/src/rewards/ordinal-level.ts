import { readDegradation, type ReadDegradationOptions } from '../answer/degradation.js';
import { notApplicable, rewardFrom, type Reward } from '../reward.js';
import { LEVELS, type DegradationLabel } from '../sample.js';

/** Options of {@link ordinalLevelReward}. */
export interface OrdinalLevelRewardOptions {
  /**
   * Aliases and choice of answer.
   * @defaultValue the built-in aliases, first answer
   */
  readonly read?: ReadDegradationOptions;
}

/**
 * How near the distortion's level is, once its class is right: `1 - |level - label| / 4` on levels 1 to 5, gated by the class.
 * A clean image that is named clean earns 1; a level of 'null' beside a distortion, or the other way round, earns 0.
 *
 * Source: the ordinal severity reward that GS-IQA (2026) gives after the right type; Q-Insight itself pays for the exact level alone.
 * Range: 0 to 1. Unreadable class or level: 0. Other task: `null`. Never throws.
 *
 * @example
 * ```ts
 * ordinalLevelReward().score(sample); // 0.75 for "slight" where the label is "moderate"
 * ```
 */
export function ordinalLevelReward(options: OrdinalLevelRewardOptions = {}): Reward {
  return rewardFrom('ordinalLevel', [0, 1], (sample) => {
    if (sample.label.task !== 'degradation') return notApplicable(sample);
    const reading = readDegradation(sample.completion, options.read);
    if (!('value' in reading)) return { value: 0, ...reading };
    const { distortionClass, level, whyNoLevel = '' } = reading.value;
    const { label } = sample;
    if (distortionClass !== label.distortionClass) {
      return { value: 0, reason: `said ${distortionClass}, the label is ${label.distortionClass}` };
    }
    if (level === undefined) return { value: 0, reason: whyNoLevel };
    return {
      value: nearness(level, label.level),
      reason: `the class ${distortionClass} is right, said level ${level}, the label is ${label.level}`,
    };
  });
}

function nearness(level: DegradationLabel['level'], label: DegradationLabel['level']): number {
  if (level === 'null' || label === 'null') return level === label ? 1 : 0;
  return 1 - Math.abs(LEVELS.indexOf(level) - LEVELS.indexOf(label)) / (LEVELS.length - 1);
}
