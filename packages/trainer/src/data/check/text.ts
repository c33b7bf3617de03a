import Table from 'cli-table3';
import pc from 'picocolors';
import { FINDINGS, type SetCheck } from './check-set.js';
import type { LabelStatistics, ScoreStatistics } from './statistics.js';

const BAR = 40;

/** Sets in rows, kinds of findings in columns. */
export function checkTable(checks: readonly SetCheck[]): string {
  const table = new Table({
    head: ['set', 'side', 'rows', 'images', 'left out', ...FINDINGS],
    style: { head: [], border: [] },
    colAligns: ['left', 'left', ...Array<'right'>(3 + FINDINGS.length).fill('right')],
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const { name, side, rows, images, leftOut, findings } of checks) {
    const counts = FINDINGS.map((kind) => findings.filter((finding) => finding.kind === kind).length);
    const shown = counts.map((count) => (count === 0 ? '0' : pc.red(String(count))));
    table.push([name, side, rows, images, leftOut, ...shown]);
  }
  return table.toString();
}

/** Statistics of a set's labels with a picture of their distribution. */
export function statisticsText(name: string, { score, degradation, comparison }: LabelStatistics): string {
  const parts: string[] = [];
  if (score) parts.push(...scoreText(name, score));
  if (degradation) {
    parts.push(pc.bold(`${name}: distortions`));
    for (const [distortion, levels] of Object.entries(degradation)) {
      const total = Object.values(levels).reduce((sum, count) => sum + count, 0);
      const detail = Object.entries(levels).map(([level, count]) => `${level} ${count}`);
      parts.push(`${distortion.padEnd(12)}${String(total).padStart(8)}  ${pc.dim(detail.join(', '))}`);
    }
  }
  if (comparison) parts.push(pc.bold(`${name}: verdicts`), ...bars(Object.entries(comparison)));
  return parts.join('\n');
}

function scoreText(name: string, { count, mean, deviation, quartiles, bins }: ScoreStatistics): string[] {
  const numbers = quartiles.map((value) => value.toFixed(2)).join(' · ');
  return [
    pc.bold(`${name}: scores`),
    `${count} images, mean ${mean.toFixed(3)}, deviation ${deviation.toFixed(3)}; least · quartiles · largest: ${numbers}`,
    ...bars(bins.map((value, i) => [`${edge(i, bins.length)}–${edge(i + 1, bins.length)}`, value])),
  ];
}

const edge = (i: number, bins: number) => (1 + (4 * i) / bins).toFixed(2);

/** A bar a line, the longest as wide as fits. */
function bars(counts: readonly (readonly [string, number])[]): string[] {
  const largest = Math.max(1, ...counts.map(([, count]) => count));
  const width = Math.max(...counts.map(([label]) => label.length));
  return counts.map(([label, count]) => {
    const eighths = Math.round((count / largest) * BAR * 8);
    const bar = '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!;
    return `${label.padEnd(width)} ${pc.cyan(bar)} ${count}`;
  });
}
