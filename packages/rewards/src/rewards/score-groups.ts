import { readScore, type ReadScoreOptions } from '../answer/score.js';
import { byGroup } from '../batch-reward.js';
import { mean, variance } from '../math/statistics.js';
import { notApplicable, type Judgement } from '../reward.js';
import type { Sample } from '../sample.js';

/** The readable scores of one image's completions. */
export interface ScoreGroup {
  readonly group: string;
  /** The image's mean opinion score. */
  readonly label: number;
  /** Standard deviation of the opinions, when known. */
  readonly std: number | undefined;
  readonly members: readonly { readonly id: string; readonly score: number }[];
  readonly mean: number;
  /** With divisor n - 1, as torch.var; 0 for a single score. */
  readonly variance: number;
}

/** Reads a batch of score samples: the groups that have scores, and the judgement on every sample that has none. */
export function scoreGroups(
  where: string,
  samples: readonly Sample[],
  read: ReadScoreOptions,
): { groups: ScoreGroup[]; unreadable: Map<string, Judgement> } {
  const unreadable = new Map<string, Judgement>();
  const groups: ScoreGroup[] = [];
  for (const [group, members] of byGroup(samples)) {
    const scored: { id: string; score: number }[] = [];
    let label: { score: number; std?: number } | undefined;
    for (const sample of members) {
      if (sample.label.task !== 'score') {
        unreadable.set(sample.id, notApplicable(sample));
        continue;
      }
      label ??= sample.label;
      if (label.score !== sample.label.score) {
        throw new Error(
          `${where}: group "${group}" has the labels ${label.score} and ${sample.label.score}; a group is one image`,
        );
      }
      const reading = readScore(sample.completion, read);
      if ('value' in reading) scored.push({ id: sample.id, score: reading.value });
      else unreadable.set(sample.id, { value: 0, reason: reading.reason });
    }
    if (label === undefined || scored.length === 0) continue;
    const scores = scored.map((member) => member.score);
    groups.push({
      group,
      label: label.score,
      std: label.std,
      members: scored,
      mean: mean(scores),
      variance: variance(scores, 1),
    });
  }
  return { groups, unreadable };
}

/**
 * Judges every completion by the mean of `compare` over the other images of the batch; `undefined` leaves a pair out.
 * Without another image to compare with, the reward does not apply.
 */
export function judgeAgainstOthers(
  where: string,
  samples: readonly Sample[],
  read: ReadScoreOptions,
  compare: (score: number, own: ScoreGroup, other: ScoreGroup) => number | undefined,
): Map<string, Judgement> {
  const { groups, unreadable: judgements } = scoreGroups(where, samples, read);
  for (const own of groups) {
    for (const { id, score } of own.members) {
      const values: number[] = [];
      for (const other of groups) {
        const value = other === own ? undefined : compare(score, own, other);
        if (value !== undefined) values.push(value);
      }
      const reason = `said ${score}, the label is ${own.label}; compared with ${values.length} other image${values.length === 1 ? '' : 's'}`;
      judgements.set(
        id,
        values.length === 0
          ? { value: null, reason: 'no other image to compare with' }
          : { value: mean(values), reason },
      );
    }
  }
  return judgements;
}
