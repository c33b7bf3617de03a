import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { AnsweredPrompt } from '../../../src/evaluation/answers-file.js';
import { measureAnswers } from '../../../src/evaluation/measure-answers.js';
import { tableCsv } from '../../../src/evaluation/tables/csv.js';
import { escapeLatex, tableLatex } from '../../../src/evaluation/tables/latex.js';
import { tablesPage } from '../../../src/evaluation/tables/page.js';
import { comparisonTable, degradationTable, scoreTable } from '../../../src/evaluation/tables/paper-tables.js';
import { DEGRADATION_RESULTS, SCORE_RESULTS } from '../../../src/evaluation/tables/published.js';
import type { Table } from '../../../src/evaluation/tables/table.js';
import { tableText } from '../../../src/evaluation/tables/text.js';
import { writeTables } from '../../../src/evaluation/tables/write-tables.js';
import { temporaryFolder } from '../../helpers/temporary.js';

describe('published rows', () => {
  // The averages the paper prints, a check on every value copied: PLCC / SRCC.
  const printed = {
    NIQE: [0.521, 0.481],
    BRISQUE: [0.436, 0.369],
    NIMA: [0.697, 0.675],
    HyperIQA: [0.693, 0.667],
    DBCNN: [0.667, 0.645],
    MUSIQ: [0.726, 0.707],
    'CLIP-IQA+': [0.742, 0.72],
    ManIQA: [0.681, 0.658],
    C2Score: [0.706, 0.673],
    'Qwen-SFT': [0.732, 0.709],
    'Q-Align': [null, 0.752], // .705 fits neither its printed cells nor the corrected one, as the note says
    DeQA: [0.786, 0.765],
    'Q-Insight': [0.806, 0.783],
  };

  test.each(SCORE_RESULTS.rows)('Table 1, $method: its mean is the one printed', ({ method, values }) => {
    for (const [k, wanted] of printed[method as keyof typeof printed].entries()) {
      const mean = values.reduce((sum, cell) => sum + cell[k]!, 0) / 7;
      if (wanted !== null) expect(Math.abs(mean - wanted)).toBeLessThan(0.00051); // printed with three digits
    }
  });

  test.each(DEGRADATION_RESULTS.rows)('Table 2, $method: macro is the mean of its cells', ({ values }) => {
    const mean = (cells: (number | null)[]) => cells.reduce<number>((sum, value) => sum + value!, 0) / cells.length;
    expect(mean(values.slice(0, 5).map((cell) => cell[0]!))).toBeCloseTo(values[5]![0]!, 3.9);
    expect(mean(values.slice(0, 4).map((cell) => cell[1]!))).toBeCloseTo(values[5]![1]!, 3.9);
  });
});

const rated = (ratings: number[]): AnsweredPrompt[] =>
  ratings.map((value, i) => ({
    prompt: `${i}`,
    label: { task: 'score', score: 1 + i },
    answers: [{ text: `<answer>{"rating": ${value}}</answer>` }],
  }));
const options = { seed: 's', resamples: 20 };
const koniq = measureAnswers('KonIQ', rated([1, 2, 3, 4, 5]), options);
const mine = measureAnswers('my_own', rated([2, 1, 3, 5, 4]), options);

const rowOf = (table: Table, name: string) => table.rows.find((row) => row.name === name)!;

test('Table 1 shows published values where there are any, and a mean only where no set is missing', () => {
  const table = scoreTable('model', [koniq, mine])!;
  expect(table.columns.map(({ name }) => name)).toEqual(['KonIQ', 'my_own', 'mean']);
  expect(rowOf(table, 'DeQA').cells).toEqual([[0.953, 0.941], [null, null], [null, null]]); // prettier-ignore
  // ranks 2 1 3 5 4: 1 - 6 * 4 / 120
  expect(rowOf(table, 'model').cells).toEqual(
    [1, 0.8, 0.9].map((value) => [expect.closeTo(value, 12), expect.closeTo(value, 12)]),
  );
  const alone = scoreTable('model', [koniq])!;
  expect(rowOf(alone, 'DeQA').cells[1]).toEqual([0.953, 0.941]);
  const unpublished = scoreTable('model', [mine])!;
  expect(unpublished.rows.map(({ name }) => name)).toEqual(['model']);
  expect(scoreTable('model', [])).toBeUndefined();
});

const degradations: AnsweredPrompt[] = (['noise', 'noise', 'blur', 'null'] as const).map((name, i) => ({
  prompt: `d${i}`,
  label: { task: 'degradation', distortionClass: name, level: name === 'null' ? 'null' : 'slight' },
  answers: [{ text: '<answer>{"distortion_class": "noise", "severity": "slight"}</answer>' }],
}));
const comparisons: AnsweredPrompt[] = ['Image A', 'Image B'].map((text, i) => ({
  prompt: `c${i}`,
  label: { task: 'comparison', better: 'Image A' },
  answers: [{ text: `<answer>${text}</answer>` }],
  metadata: { enhancers: i === 0 ? ['regression', 'regression'] : ['generation', 'generation'] },
}));

test('Tables 2 and 6 put the own row under the published ones, by the same definitions', () => {
  const two = degradationTable('model', [measureAnswers('DQ', degradations, options)])!;
  expect(rowOf(two, 'model').cells).toEqual([[1, 1], [0, 0], [null, null], [null, null], [0, null], [1 / 3, 1 / 2], [2 / 4, 2 / 3]]); // prettier-ignore
  expect(two.rows.slice(0, 3).every(({ own }) => !own)).toBe(true);
  const six = comparisonTable('model', [measureAnswers('SR', comparisons, options)])!;
  expect(rowOf(six, 'model').cells).toEqual([[100], [0], [50], [null], [null], [null], [0]]);
  expect(rowOf(six, 'Q-Insight, trained').cells.slice(0, 3)).toEqual([[85.67], [77.78], [82.8]]);
});

const awkward: Table = {
  id: 'awkward',
  title: 'A & B',
  corner: 'method',
  measures: ['PLCC', 'SRCC'],
  columns: [{ name: 'x_1' }, { name: 'n', digits: 0 }],
  rows: [
    { name: 'a, "b" <c>', own: false, cells: [[0.12345, null], [7, 8]], marks: { x_1: '*' } }, // prettier-ignore
    { name: '50 % ~^\\', own: true, cells: [['.9 [.8, 1]', 1], [0, 0]] }, // prettier-ignore
  ],
  digits: 3,
  notes: ['see {x}'],
};

test('text', () => {
  const text = tableText(awkward);
  expect(text).toContain('A & B (PLCC / SRCC)');
  expect(text).toMatch(/a, "b" <c> +│ +0\.123 \/ –\* +│ +7 \/ 8/);
  expect(text.split('\n').at(-1)).toContain('see {x}');
});

test('CSV: full precision, quoted where needed, empty where unknown', () => {
  expect(tableCsv(awkward)).toBe(
    'method,x_1 PLCC,x_1 SRCC,n PLCC,n SRCC,own\r\n"a, ""b"" <c>",0.12345,,7,8,no\r\n50 % ~^\\,".9 [.8, 1]",1,0,0,yes\r\n',
  );
});

test('LaTeX: special characters stand for themselves, columns fit', () => {
  expect(escapeLatex('50 % ~^\\ {a_b} & #1 $ κ –')).toBe(
    '50 \\% \\textasciitilde{}\\textasciicircum{}\\textbackslash{} \\{a\\_b\\} \\& \\#1 \\$ $\\kappa$ --',
  );
  const tex = tableLatex(awkward);
  expect(tex).toContain('\\begin{tabular}{lrr}');
  expect(tex).toContain('    a, "b" <c> & 0.123 / --* & 7 / 8 \\\\');
  expect(tex.match(/\\midrule/g)).toHaveLength(2); // under the head, and between published and own rows
  for (const line of tex.split('\n').filter((text) => text.endsWith('\\\\'))) expect(line.split(' & ')).toHaveLength(3);
});

test('HTML escapes what it is given', () => {
  const page = tablesPage('<me>', [awkward]);
  expect(page).toContain('a, &quot;b&quot; &lt;c&gt;');
  expect(page).not.toMatch(/<me>|<c>/);
  expect(page.match(/<tr/g)).toHaveLength(3);
});

test('writes every table in every form, and all measures', async () => {
  const folder = temporaryFolder();
  const sets = [koniq, measureAnswers('DQ', degradations, options), measureAnswers('SR', comparisons, options)];
  const tables = await writeTables(folder, 'model', sets, { level: 0.95 });
  expect(tables.map(({ id }) => id)).toEqual([
    'table1-scores',
    'score-measures',
    'table2-degradations',
    'degradation-measures',
    'confusion-classes-DQ',
    'confusion-levels-DQ',
    'table6-comparisons',
  ]);
  for (const { id } of tables) {
    expect(readFileSync(join(folder, 'tables', `${id}.csv`), 'utf8')).toMatch(/^\w+,/);
    expect(readFileSync(join(folder, 'tables', `${id}.tex`), 'utf8')).toContain('\\bottomrule');
  }
  const measures = JSON.parse(readFileSync(join(folder, 'measures.json'), 'utf8')) as { sets: { score?: object }[] };
  expect(measures.sets[0]).toMatchObject({
    set: 'KonIQ',
    score: { plcc: expect.closeTo(1, 12), krcc: expect.closeTo(1, 12), intervals: { plcc: {} } },
  });
  expect(readFileSync(join(folder, 'tables.html'), 'utf8').match(/<h2>/g)).toHaveLength(tables.length);
});
