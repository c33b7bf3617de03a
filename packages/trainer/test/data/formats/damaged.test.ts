import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import type { LabelSource } from '../../../src/config/data-source.js';
import { checkSet } from '../../../src/data/check/check-set.js';
import { DataProblem } from '../../../src/data/files/problem.js';
import { readLabels } from '../../../src/data/read-labels.js';
import { temporaryFolder } from '../../helpers/temporary.js';
import { writeSpreadsheet } from './spreadsheet.js';
import { writeUpstreamTree } from './upstream-tree.js';

// Hundreds of ways in which a label file can be wrong: each must be refused with the file, the row and the field.
const root = temporaryFolder();
const sources = await writeUpstreamTree(root);

interface Damage {
  readonly name: string;
  readonly format: string;
  /** Of the file that is damaged; makes the damaged text, or writes the file itself. */
  readonly text: string | ((file: string) => void);
  readonly row: number;
  /** Undefined where the row as a whole is damaged. */
  readonly field: string | undefined;
}

const ABSENT = Symbol('absent');
type Values = Readonly<Record<string, unknown>>;

const NO_TEXT: Values = { absent: ABSENT, null: null, empty: '', 'a number': 5, 'a list': [], 'an object': {}, true: true }; // prettier-ignore
const NO_NUMBER: Values = { absent: ABSENT, null: null, text: 'good', 'a number as text': '3.9', 'a list': [3.9], true: true }; // prettier-ignore
const NO_FINITE: Values = { NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity };
const noWord = (typo: string, other: string): Values => ({ ...NO_TEXT, 'a typo': typo, 'another word': other, 'another case': typo.toUpperCase() }); // prettier-ignore

/** As Python writes it: numbers that are not finite without quotes. */
function pythonJson(value: unknown): string {
  const text = JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? `#${item}#` : item,
  );
  return text.replaceAll(/"#(-?\w+)#"/g, '$1');
}

function changed(row: object, field: string, value: unknown): object {
  const [head, ...rest] = field.split('.');
  const copy = (Array.isArray(row) ? [...(row as unknown[])] : { ...row }) as Record<string, unknown>;
  if (rest.length > 0) copy[head!] = changed(copy[head!] as object, rest.join('.'), value);
  else if (value === ABSENT) Reflect.deleteProperty(copy, head!);
  else copy[head!] = value;
  return copy;
}

/** Each row's each field with each bad value. `named` is what the error calls the field, where that is another name. */
function* inJson(
  format: string,
  fields: Record<string, Values>,
  rowsOf: (file: string) => object[],
  write: (rows: readonly object[]) => string,
  named: (field: string, kind: string) => string = (field) => field,
): Generator<Damage> {
  const rows = rowsOf((sources[format] as LabelSource).file);
  for (const [i, row] of rows.entries()) {
    const damaged = (bad: unknown) => write(rows.map((other, k) => (k === i ? bad : other) as object));
    for (const [field, values] of Object.entries(fields)) {
      for (const [kind, value] of Object.entries(values)) {
        const text = damaged(changed(row, field, value));
        yield {
          name: `${format}, row ${i + 1}, ${field}: ${kind}`,
          format,
          text,
          row: i + 1,
          field: named(field, kind),
        };
      }
    }
    for (const bad of rows.length === 1 ? [] : [null, 5, 'text', [row]]) {
      yield { name: `${format}, row ${i + 1}: ${JSON.stringify(bad).slice(0, 9)}`, format, text: damaged(bad), row: i + 1, field: undefined }; // prettier-ignore
    }
  }
}

const arrayOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as object[];
const linesOf = (file: string) => readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as object); // prettier-ignore
const asArray = (rows: readonly object[]) => `[${rows.map(pythonJson).join(',\n')}]`;
const asLines = (rows: readonly object[]) => rows.map(pythonJson).join('\n');

/** Text files: one place replaced by another text. */
function* inText(
  format: string,
  changes: readonly [name: string, from: string, to: string, row: number, field: string | undefined][],
): Generator<Damage> {
  // prettier-ignore
  const good = readFileSync((sources[format] as LabelSource).file, 'utf8');
  for (const [name, from, to, row, field] of changes) {
    if (!good.includes(from)) throw new Error(`${format}: no '${from}' to damage`);
    yield { name: `${format}, ${name}`, format, text: good.replace(from, to), row, field };
  }
}

const range = (low: number, high: number): Values => ({ 'too small': low, 'too large': high });

const damages: Damage[] = [
  ...inJson('deqa', { image: NO_TEXT, gt_score_norm: { ...NO_NUMBER, ...NO_FINITE, ...range(0.99, 5.01) }, std_norm: { null: null, text: 'wide', ...NO_FINITE, negative: -0.1 } }, arrayOf, asArray), // prettier-ignore
  ...inJson('degradation', { image: NO_TEXT, distortion_class: noWord('compresion', 'JPEG'), severity: noWord('seriuos', 'strong') }, arrayOf, asArray), // prettier-ignore
  ...inJson(
    'degradation',
    { severity: { 'null beside a class': 'null' } },
    (file) => arrayOf(file).slice(0, 1),
    asArray,
  ),
  ...inJson('comparison', { ref_image: NO_TEXT, ImageA: { ...NO_TEXT, 'an unknown folder': '09/x.png' }, ImageB: { ...NO_TEXT, 'an unknown folder': '09/x.png' }, result: noWord('Image C', 'A') }, arrayOf, asArray), // prettier-ignore
  ...inJson(
    'comparison',
    { ImageB: { 'the same image': '03/x_03.png' } },
    (file) => arrayOf(file).slice(0, 1),
    asArray,
  ),
  ...inJson('asked', { image_A: { null: null, empty: '', 'a number': 5 }, severity: { ...NO_NUMBER, ...NO_FINITE, half: 1.5, ...range(-1, 6), 'zero beside a class': 0 }, distortion_class: { absent: ABSENT, 'null beside a level': null, empty: '', 'a number': 5, 'a typo': 'darkn', 'not asked for': 'brighten' }, distortion_name: { 'a number': 5, 'of another class': 'noise_impulse' } }, arrayOf, asArray, (field, kind) => (kind === 'null beside a level' ? 'severity' : field)), // prettier-ignore
  ...inJson('vlm', { image: { ...NO_TEXT, 'two images': ['a.png', 'b.png'], 'no text inside': [5] }, 'conversations.1.value': { absent: ABSENT, null: null, 'no number': 'good', 'no number in tags': '<answer>good</answer>', true: true, ...NO_FINITE, ...range(0.5, 5.5) }, 'conversations.1.from': { absent: ABSENT, other: 'human' }, conversations: { absent: ABSENT, null: null, 'a text': 'x' } }, linesOf, asLines, (field, kind) => (NO_FINITE[kind] !== undefined ? 'value' : field)), // prettier-ignore
  ...inJson('jsonl', { image: NO_TEXT, task: { absent: ABSENT, null: null, other: 'rank' }, mos: { 'an unknown field': 3 } }, linesOf, asLines), // prettier-ignore
  ...inJson('jsonl', { score: { ...NO_NUMBER, ...NO_FINITE, ...range(0.9, 5.1) }, std: { text: 'x', negative: -1 } }, (file) => linesOf(file).slice(0, 1), asLines), // prettier-ignore
  ...inJson('jsonl', { distortion_class: noWord('bluur', 'JPEG'), severity: noWord('sligth', 'strong') }, (file) => linesOf(file).slice(1), asLines), // prettier-ignore
  ...inText('words', [
    ['a word for a number', '4.57', 'good', 1, 'mos'],
    ['no number', ' 4.57 0.70', '', 1, 'mos'],
    ['NaN', '1.07', 'NaN', 2, 'mos'],
    ['too large to be a number', '1.07', '1e999', 2, 'mos'],
    ['a comma for the point', '1.07', '1,07', 2, 'mos'],
    ['three names', 'I01_01_02.png', 'a b I01_01_02.png', 2, 'mos'],
    ['three numbers', '0.25', '0.25 3', 2, 'mos'],
    ['no name', 'I01.png I01_01_02.png ', '', 2, 'mos'],
    ['another form', ' 0.25', '', 2, undefined],
    ['a negative deviation', '0.25', '-0.25', 2, 'std'],
  ]),
  ...inText('tid2013', [
    ['a word for a number', '5.51429', 'good', 1, 'mos'],
    ['the columns the other way round', '0.5 i01_01_2.bmp.png', 'i01_01_2.bmp.png 0.5', 2, 'mos'],
    ['no name', ' i01_01_2.bmp.png', '', 2, 'image'],
    ['two names', 'i01_01_2.bmp.png', 'i01 01_2.bmp.png', 2, 'image'],
    ['too large', '5.51429', '9.1', 1, 'mos'],
    ['negative', '0.5 ', '-0.5 ', 2, 'mos'],
    ['infinite', '0.5 ', 'inf ', 2, 'mos'],
  ]),
  ...inText('koniq', [
    ['no name', '"2.jpg"', '', 3, 'image_name'],
    ['no score', ',1.8,', ',,', 3, 'MOS'],
    ['a word for a score', ',1.8,', ',good,', 3, 'MOS'],
    ['a score as a share', ',1.8,', ',1.8%,', 3, 'MOS'],
    ['NaN', ',1.8,', ',NaN,', 3, 'MOS'],
    ['too small', ',1.8,', ',0.8,', 3, 'MOS'],
    ['too large: a z-score', ',1.8,', ',68.7,', 3, 'MOS'],
    ['a negative deviation', ',0.9,', ',-0.9,', 3, 'SD'],
    ['a word for a deviation', ',0.9,', ',wide,', 3, 'SD'],
    ['too many cells', '68.7', '68.7,1', 3, undefined],
    ['too few cells', ',1.8,0.9,68.7', '', 3, 'MOS'],
    [
      'another separator in a row',
      '"2.jpg",3,5,25,70,2,105,1.8,0.9,68.7',
      '"2.jpg;3;5;25;70;2;105;1.8;0.9;68.7"',
      3,
      'MOS',
    ],
  ]),
  ...inText('kadid', [
    ['no name', 'I01_01_02.png,', ',', 3, 'dist_img'],
    ['no score', '1.07', '', 3, 'dmos'],
    ['a word for a score', '1.07', 'bad', 3, 'dmos'],
    ['too small', '1.07', '0.07', 3, 'dmos'],
    ['too large', '4.57', '45.7', 2, 'dmos'],
  ]),
  ...inText('agiqa', [
    ['no name', 'sd_001.jpg', '', 3, 'name'],
    ['no score', '3.6', '', 3, 'mos_quality'],
    ['too large', '3.6', '36', 3, 'mos_quality'],
    ['a word', '3.6', 'fine', 3, 'mos_quality'],
    ['a negative deviation', '0.2', '-0.2', 3, 'std_quality'],
    ['a comma without quotes', '"statue, man"', 'statue, man', 2, undefined],
  ]),
  ...inText('csv', [
    ['no name', 'b.png', '', 3, 'image'],
    ['no score', '3.9', '', 2, 'score'],
    ['too small', '1.5', '0.5', 3, 'score'],
    ['too large', '3.9', '39', 2, 'score'],
    ['a word', '3.9', 'good', 2, 'score'],
    ['hexadecimal', '3.9', '0x3', 2, 'score'],
    ['a negative deviation', '0.5', '-0.5', 2, 'std'],
    ['too many cells', '1.5,', '1.5,,,9', 3, undefined],
  ]),
  ...(
    [
      ['no name', [null, 70], 3, 'Image name'],
      ['no score', ['00002.jpg', null], 3, 'MOS'],
      ['a word for a score', ['00002.jpg', 'good'], 3, 'MOS'],
      ['too large', ['00002.jpg', 101], 3, 'MOS'],
      ['negative', ['00002.jpg', -1], 3, 'MOS'],
    ] as const
  ).map(([name, cells, row, field]): Damage => ({
    name: `spaq, ${name}`,
    format: 'spaq',
    text: (file) => writeSpreadsheet(file, [['Image name', 'MOS'], ['00001.jpg', 20], cells, ['00003.jpg', 45]]),
    row,
    field,
  })),
];

test('at least 200 damages, each another', () => {
  expect(damages.length).toBeGreaterThanOrEqual(200);
  expect(new Set(damages.map(({ name }) => name)).size).toBe(damages.length);
});

test.each(damages.map((damage) => [damage.name, damage] as const))('%s', async (_, { format, text, row, field }) => {
  const good = sources[format] as LabelSource;
  const file = path.join(path.dirname(good.file), `damaged${path.extname(good.file)}`);
  if (typeof text === 'string') writeFileSync(file, text);
  else text(file);
  const source = { ...good, file };
  const problem = await readLabels(source, 's').then(() => undefined, (error: unknown) => error); // prettier-ignore
  expect(problem).toBeInstanceOf(DataProblem);
  expect(problem).toMatchObject({ file, row, field });
  expect((problem as Error).message).toContain(`${file}, row ${row}: ${field === undefined ? '' : `'${field}' `}`);

  const { findings, rows } = await checkSet({ name: 'set', side: 'train', source, seed: 's' });
  expect(findings.filter(({ kind }) => kind === 'label')).toHaveLength(1); // the check goes on, and blames no other row
  expect(findings[0]!.text).toBe((problem as Error).message);
  expect(rows).toBeLessThan(4);
});
