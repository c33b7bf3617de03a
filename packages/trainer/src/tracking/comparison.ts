import Table from 'cli-table3';
import { explanationLine, type Label } from '@q-insight/rewards';
import pc from 'picocolors';
import {
  changeOf,
  FIGURE_ROWS,
  figureText,
  PROXY_NOTE,
  type EvaluationFile,
  type Example,
  type Figures,
} from './evaluation-file.js';

/** What is known of the right answer, in a few words. */
export function labelText(label: Label): string {
  if (label.task === 'score') return `score ${label.score.toFixed(2)}${label.proxy === true ? ' (proxy)' : ''}`;
  if (label.task === 'none') return 'none';
  if (label.task === 'comparison') return `better: ${label.better}`;
  return label.distortionClass === 'null' ? 'no distortion' : `${label.distortionClass}, ${label.level}`;
}

function cells(before: Figures, after: Figures, key: keyof Figures): string[] {
  const [from, to] = [before[key], after[key]];
  const { sign, text } = changeOf(from, to);
  return [figureText(from), figureText(to), sign > 0 ? pc.green(text) : sign < 0 ? pc.red(text) : text];
}

/** The table "before / after" for a terminal: sampled as in training, and greedy. */
export function comparisonTable({ before, after, step, prompts, samples, proxyScores }: EvaluationFile): string {
  const table = new Table({ style: { head: [], border: [] }, colAligns: ['left', ...Array<'right'>(6).fill('right')] });
  table.push(
    [
      '',
      { colSpan: 3, content: 'sampled (T=1)', hAlign: 'center' },
      { colSpan: 3, content: 'greedy', hAlign: 'center' },
    ],
    [`${prompts} held-out prompts`, 'before', 'after', 'change', 'before', 'after', 'change'].map((text) =>
      pc.bold(text),
    ),
  );
  for (const [key, name] of FIGURE_ROWS) {
    table.push([name, ...cells(before.sampled, after.sampled, key), ...cells(before.greedy, after.greedy, key)]);
  }
  const proxy = proxyScores === true ? `; ${PROXY_NOTE}` : '';
  const caption = `before = starting checkpoint, after = step ${step}; ${samples} sampled answers a prompt${proxy}`;
  return `${table.toString()}\n${pc.dim(caption)}`;
}

/** Sample answers for a terminal: the picture's name, the answer, and why it got its rewards. */
export function exampleText({ image, label, before, after }: Example): string {
  const answer = (name: string, { text, explanations }: Example['before']) => [
    `  ${pc.dim(name)} ${text.replaceAll('\n', ' ')}`,
    ...explanations.filter(({ value }) => value !== null).map((entry) => `    ${explanationLine(entry)}`),
  ];
  const head = `${pc.bold(image)} · the label is ${labelText(label)}`;
  return [head, ...answer('before', before), ...answer('after ', after)].join('\n');
}
