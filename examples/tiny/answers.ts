import { DISTORTION_CLASSES, LEVELS, type DegradationLabel, type ScoreLabel } from '@q-insight/rewards';
import { gaussian } from '../../packages/trainer/src/random.js';
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

/** How often a careless annotator errs. */
const CARELESS = { layout: 0.3, overlooked: 0.2, classGuess: 0.2, levelSlip: 0.3, scoreDeviation: 0.45 } as const;

/**
 * What a careless annotator writes for a label: 2 of 10 distortions are overlooked, 2 of 10 classes are a guess, the level
 * is else off by one in 3 of 10, the score off by a normal error of 0.45, and in 3 of 10 a tag or brace is left out. A model that imitates such
 * answers knows what is right (it is still the likeliest answer) and yet often says something else: what a model is
 * like before reinforcement learning, and what GRPO can win back from rewards alone.
 *
 * @param random - uniform in [0, 1)
 */
export function writeCarelessAnswer(label: ScoreLabel | DegradationLabel, random: () => number): string {
  const answer = writeAnswer(misjudge(label, random), random);
  if (random() >= CARELESS.layout) return answer;
  const parts = ['</think>', '<answer>', '}', '</answer>'];
  return answer.replace(parts[Math.floor(random() * parts.length)]!, '');
}

function misjudge(label: ScoreLabel | DegradationLabel, random: () => number): ScoreLabel | DegradationLabel {
  if (label.task === 'score') {
    const score = label.score + CARELESS.scoreDeviation * gaussian(random)();
    return { task: 'score', score: Math.min(5, Math.max(1, score)) };
  }
  const slip = random();
  if (slip < CARELESS.overlooked) return { task: 'degradation', distortionClass: 'null', level: 'null' };
  if (slip < CARELESS.overlooked + CARELESS.classGuess) {
    const distortionClass = DISTORTION_CLASSES[Math.floor(random() * DISTORTION_CLASSES.length)]!;
    const level = distortionClass === 'null' ? 'null' : LEVELS[Math.floor(random() * LEVELS.length)]!;
    return { task: 'degradation', distortionClass, level };
  }
  if (label.level === 'null' || random() >= CARELESS.levelSlip) return label;
  const slipped = LEVELS.indexOf(label.level) + (random() < 0.5 ? -1 : 1);
  return { ...label, level: LEVELS[Math.min(LEVELS.length - 1, Math.max(0, slipped))]! };
}
