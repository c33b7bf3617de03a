// Prints the before/after figures of several runs side by side, as Markdown: node tools/results-table.mjs RUN...
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const rows = [
  ['mean total reward (of 2)', 'reward'],
  ['format rate', 'formatRate'],
  ['score reward', 'scoreReward'],
  ['SRCC of the score (proxy label)', 'srcc'],
  ['PLCC of the score (proxy label)', 'plcc'],
  ['degradation class accuracy', 'classAccuracy'],
  ['degradation level accuracy', 'levelAccuracy'],
];
const runs = process.argv.slice(2);
const reports = runs.map((run) => JSON.parse(readFileSync(join(run, 'evaluation.json'), 'utf8')));
const line = (cells) => `| ${cells.join(' | ')} |`;
const figure = (value) => (value === null || value === undefined ? '-' : value.toFixed(3));

for (const mode of ['sampled', 'greedy']) {
  console.log(`\n### ${mode === 'sampled' ? 'Sampled at T = 1' : 'Greedy'}\n`);
  console.log(line(['', ...runs.map((run) => basename(run))]));
  console.log(line(['---', ...runs.map(() => '---')]));
  for (const [title, key] of rows) {
    const cells = reports.map(({ before, after }) => `${figure(before[mode][key])} → ${figure(after[mode][key])}`);
    console.log(line([title, ...cells]));
  }
}
