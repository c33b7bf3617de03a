import { readScore, type ReadScoreOptions } from '../answer/score.js';
import { notApplicable, rewardFrom, type Reward } from '../reward.js';

/** A reward in [0, 1] that falls with the error of the predicted score. Unreadable: 0; other task: `null`. */
export function scoreErrorReward(
  name: string,
  read: ReadScoreOptions,
  formula: (predicted: number, label: number) => number,
  range: readonly [number, number] = [0, 1],
): Reward {
  return rewardFrom(name, range, (sample) => {
    if (sample.label.task !== 'score') return notApplicable(sample);
    const reading = readScore(sample.completion, read);
    if (!('value' in reading)) return { value: 0, ...reading };
    const { score } = sample.label;
    return {
      value: formula(reading.value, score),
      reason: () => {
        const off = Number(Math.abs(reading.value - score).toPrecision(6));
        return `said ${reading.value}, the label is ${score}, off by ${off}`;
      },
      place: reading.place,
    };
  });
}

/** Throws unless an option is a finite number above zero. */
export function checkPositive(where: string, name: string, value: number): void {
  if (!(value > 0 && value < Infinity))
    throw new RangeError(`${where}: ${name} must be a number above 0, got ${value}`);
}
