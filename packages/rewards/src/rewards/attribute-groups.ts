import { readNumbers } from '../answer/numbers.js';
import { byGroup } from '../batch-reward.js';
import { mean } from '../math/statistics.js';
import { notApplicable, type Judgement } from '../reward.js';
import type { Sample } from '../sample.js';

/** Options shared by PreResQ-R1's rewards. */
export interface AttributeOptions {
  /**
   * How many scores an answer lists: the attributes and the overall score.
   * @defaultValue 5
   */
  readonly count?: number;
}

/** A completion whose answer lists several scores. */
export interface AttributeMember {
  readonly id: string;
  readonly scores: readonly number[];
  /** The mean of the scores: PreResQ-R1's prediction. */
  readonly prediction: number;
}

/** The completions of one image, by rising prediction. */
export interface AttributeGroup {
  readonly label: number;
  readonly members: readonly AttributeMember[];
}

/** Reads a batch whose answers list several scores: its groups, and the judgement on every sample without such an answer. */
export function attributeGroups(
  samples: readonly Sample[],
  count: number,
): { groups: AttributeGroup[]; unreadable: Map<string, Judgement> } {
  const unreadable = new Map<string, Judgement>();
  const groups: AttributeGroup[] = [];
  for (const [name, group] of byGroup(samples)) {
    const members: AttributeMember[] = [];
    let label: number | undefined;
    for (const sample of group) {
      if (sample.label.task !== 'score') {
        unreadable.set(sample.id, notApplicable(sample));
        continue;
      }
      label ??= sample.label.score;
      if (label !== sample.label.score) {
        throw new Error(`group "${name}" has the labels ${label} and ${sample.label.score}; a group is one image`);
      }
      const reading = readNumbers(sample.completion, count);
      if (!('value' in reading)) unreadable.set(sample.id, { value: 0, reason: reading.reason });
      else members.push({ id: sample.id, scores: reading.value, prediction: mean(reading.value) });
    }
    if (label !== undefined && members.length > 0)
      groups.push({ label, members: members.sort((a, b) => a.prediction - b.prediction) });
  }
  return { groups, unreadable };
}

/** The member of `group` at `rank`, or its highest when the group is smaller. */
export function atRank(group: AttributeGroup, rank: number): AttributeMember {
  return group.members[Math.min(rank, group.members.length - 1)]!;
}
