import type { DegradationLabel, ScoreLabel } from '@q-insight/rewards';
import { answerJson } from '../../packages/trainer/src/data/tasks.js';

/** What each distortion looks like; one of them opens the reasoning. */
const EVIDENCE: Readonly<Record<DegradationLabel['distortionClass'], readonly string[]>> = {
  noise: ['Grain on the flat parts.', 'Grain all over, edges are sharp.'],
  blur: ['Edges are soft.', 'Edges are smeared.'],
  compression: ['Blocks on the flat parts.', 'Blocks and rings at edges.'],
  darken: ['The light is low.', 'Dark all over, edges are sharp.'],
  null: ['Edges are sharp, flat parts are clean.', 'No grain and no blocks.'],
};

/** How much it disturbs, by severity. */
const STRENGTH: Readonly<Record<DegradationLabel['level'], readonly string[]>> = {
  slight: ['Easy to miss.', 'Hardly there.'],
  moderate: ['Easy to see.', 'It is there.'],
  obvious: ['Plain to see.', 'It is plain.'],
  serious: ['It hurts.', 'Much is lost.'],
  catastrophic: ['All is lost.', 'The picture is lost.'],
  null: ['All is fine.', 'It is fine.'],
};

/** What a score stands for, from 1 (up to 1.5) to 5 (from 4.5). */
const VERDICT: readonly (readonly string[])[] = [
  ['The picture is lost.', 'Hardly a picture is there.'],
  ['Much is lost.', 'It hurts to see.'],
  ['Flaws are plain to see.', 'The flaws are plain.'],
  ['Flaws are there, but hardly hurt.', 'A flaw is easy to see.'],
  ['The picture is clean.', 'Hardly a flaw, all is sharp.'],
];

/**
 * A right answer for a label: one or two short sentences of reasoning, drawn from a few variants, then the JSON object.
 * The layout is that of the format reward.
 *
 * @param random - uniform in [0, 1)
 */
export function writeAnswer(label: ScoreLabel | DegradationLabel, random: () => number): string {
  const draw = (items: readonly string[]) => items[Math.floor(random() * items.length)]!;
  const reasoning =
    label.task === 'score'
      ? draw(VERDICT[Math.min(4, Math.max(0, Math.round(label.score) - 1))]!)
      : `${draw(EVIDENCE[label.distortionClass])} ${draw(STRENGTH[label.level])}`;
  return `<think>${reasoning}</think><answer>${answerJson(label)}</answer>`;
}
