import { describe, expect, test } from '@jest/globals';
import {
  explain,
  jsonSchemaReward,
  languageReward,
  matchedPairReward,
  mathAccuracyReward,
  numericReward,
  ordinalLevelReward,
  parseAnswer,
  qInsightRewards,
  readComparison,
  readDegradation,
  readNumbers,
  readScore,
  regionReward,
  repetitionReward,
  runRewards,
  tagCountReward,
  thinkAnswerFormatReward,
  thinkFormatReward,
  toolUseReward,
  type AnyReward,
  type Label,
  type Reward,
} from '../src/index.js';
import { BLUR_LABEL, IMAGE_A_LABEL, SCORE_LABEL, sampleOf } from './samples.js';

const LABELS: Label[] = [SCORE_LABEL, BLUR_LABEL, IMAGE_A_LABEL];
const SINGLE: Reward[] = [
  ...qInsightRewards(),
  ...qInsightRewards({ style: 'upstream' }),
  thinkFormatReward(),
  thinkAnswerFormatReward(),
  tagCountReward(),
  ordinalLevelReward(),
  toolUseReward(),
  repetitionReward({ size: 1 }),
  numericReward({ expected: () => 3 }),
  mathAccuracyReward({ expected: () => '3.5' }),
  languageReward(),
  jsonSchemaReward({ schema: { type: 'object', required: ['rating'], properties: { rating: { type: 'number' } } } }),
].map((reward, i) => ({ ...reward, name: `${reward.name} ${i}` }));

/** A small fast generator (mulberry32): fast-check is too slow for hundreds of thousands of texts. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  '<think>', '</think>', '<answer>', '</answer>', '<tool_call>', '</tool_call>', '<', '>', '/', '{', '}', '[', ']', '"', "'",
  ':', ',', '\\', '\\u00', '```json\n', '```', '\n', '\r', ' ', '\t', '"rating": 3.5', '"rating":', '"distortion_class": "blur"',
  '"severity": "slight"', '3.5', '.', '-', '1e999', '9'.repeat(400), 'null', 'None', 'true', 'Image A', 'Similar', '\0', '\ud800',
  '\udfff', '\u202e', '\u2066', '\u0085', '\u001c', '\ufeff', '\u00a0', '\u0665', '\uff13', '\u{1d7d8}', '\u{1f600}', '模糊', '$', '\\boxed{3.5}', '\\frac{7}{2}',
]; // prettier-ignore

function fuzzText(random: (below: number) => number): string {
  const kind = random(4);
  const piece = (): string => (random(6) === 0 ? String.fromCharCode(random(0x10000)) : PIECES[random(PIECES.length)]!);
  const some = (most: number): string => Array.from({ length: random(most) }, piece).join('');
  if (kind === 0) return some(30);
  if (kind === 1) return Array.from({ length: random(40) }, () => String.fromCharCode(random(256))).join('');
  if (kind === 2) return `<think>${some(6)}</think>${some(2)}<answer>${some(8)}</answer>${some(2)}`;
  return `<think>\n${some(4)}\n</think>\n<answer>\n{${some(6)}}\n</answer>`;
}

test('200,000 texts: nothing throws, no reward leaves its range', () => {
  const random = randomFrom(20_250_322);
  for (let i = 0; i < 200_000; i += 1) {
    const sample = sampleOf(fuzzText(random), LABELS[i % 3]);
    for (const reward of SINGLE) {
      const value = reward.score(sample) as number | null;
      const [low, high] = reward.range;
      if (value !== null && !(value >= low && value <= high)) {
        throw new Error(`${reward.name} gave ${value} for ${JSON.stringify(sample)}`);
      }
    }
  }
}, 240_000);

test('20,000 texts: every reason is a text, every place lies in the completion', async () => {
  const random = randomFrom(7);
  for (let i = 0; i < 20_000; i += 1) {
    const text = fuzzText(random);
    for (const { reason } of await explain(sampleOf(text, LABELS[i % 3]), SINGLE)) {
      if (reason.length === 0 || reason.length > 500) throw new Error(`${reason} for ${JSON.stringify(text)}`);
    }
    const { think, answer, fields } = parseAnswer(text);
    const readings = [
      readScore(text),
      readDegradation(text),
      readComparison(text),
      readNumbers(text, 1),
      think,
      answer,
      fields,
    ];
    for (const { place } of readings) {
      if (!(0 <= place.start && place.start <= place.end && place.end <= text.length)) {
        throw new Error(`place ${JSON.stringify(place)} in ${JSON.stringify(text)}`);
      }
    }
  }
});

/** Texts of n characters that make a careless parser or expression take n² steps. */
const REPEATED = [
  '<think>', '</think>', '<answer>', '</answer>', '<answer> ', '</think>\n<answer>\n', '<tool_call>', '"rating":', '"rating": ',
  '"distortion_class":"', '"distortion_class": "x" ', '{', '}', '[', '"', '\\', ' ', '\n', ' \n', '\u0085', '1', '1.', '1 ', '-',
  'a', 'a ', '```json\n', '\u{1d7d8}',
  '\\boxed{', '\\boxed{1}', '$', '$1', '(', '\\frac', 'x^', '-1-', '1,000',
]; // prettier-ignore
const repeat = (piece: string, n: number): string => piece.repeat(n / piece.length);
const ADVERSARIES: [string, (n: number) => string][] = [
  ...REPEATED.map((piece): [string, (n: number) => string] => [JSON.stringify(piece), (n) => repeat(piece, n)]),
  ...REPEATED.map((piece): [string, (n: number) => string] => [
    `${JSON.stringify(piece)} in the answer`,
    (n) => `<think>\na\n</think>\n<answer>\n{${repeat(piece, n)}}\n</answer>`,
  ]),
  ['a long answer', (n) => `<think>a</think><answer>{"rating": "${'x'.repeat(n)}"}</answer>`],
  ['many fields', (n) => `<think>a</think><answer>{${'"a": 1, '.repeat(n / 8)}"rating": 3}</answer>`],
  ['many ratings', (n) => `<think>a</think><answer>{${'"rating": 1, '.repeat(n / 13)}"rating": 3}</answer>`],
  ['deep nesting', (n) => `<think>a</think><answer>{"rating": ${'['.repeat(n / 2)}${']'.repeat(n / 2)}}</answer>`],
  ['deep objects', (n) => `<think>a</think><answer>${'{"a":'.repeat(n / 6)}1${'}'.repeat(n / 6)}</answer>`],
  ['a long number', (n) => `<think>a</think><answer>{"rating": ${'1'.repeat(n)}}</answer>`],
  ['many numbers', (n) => `<think>a</think><answer>${'1 2.5 '.repeat(n / 6)}</answer>`],
  ['long white space', (n) => `<think>\na\n</think>${' '.repeat(n)}<answer>${'\n'.repeat(3)}{}\n</answer>`],
  ['space before the end', (n) => `<think>\n${'<answer>'.repeat(n / 16)}${' '.repeat(n / 2)}</answer>`],
  ['space after tags', (n) => `<think>\n${`</think>\n<answer>${' '.repeat(100)}`.repeat(n / 120)}</answer>`],
  ['tags without line breaks', (n) => `<think>${'</think><answer>'.repeat(n / 16)}</answer>`],
  ['classes without end', (n) => `<answer>${'"distortion_class": "a" '.repeat(n / 24)}</answer>`],
  ['a boxed heap', (n) => `\\boxed{${repeat('(', n)}}`],
  ['a boxed sum', (n) => `\\boxed{${repeat('1+', n)}1}`],
  ['boxed powers', (n) => `\\boxed{${repeat('2^', n)}1}`],
  ['a boxed product', (n) => `\\boxed{${repeat('x', n)}}`],
  ['open quotes', (n) => `<answer>{${'"a": "'.repeat(n / 6)}</answer>`],
];
const REGION: AnyReward = regionReward();

describe('a megabyte takes linear time', () => {
  test.each(ADVERSARIES)('%s', async (_, build) => {
    const text = build(1_000_000);
    const started = performance.now();
    for (const label of LABELS) {
      const sample = { ...sampleOf(text, label), metadata: { region: [0, 0, 1, 1] } };
      await runRewards([sample], [...SINGLE, REGION, matchedPairReward()]);
    }
    // 3 labels x 20 rewards: a quadratic step would take minutes for one of them
    expect(performance.now() - started).toBeLessThan(100_000);
  });
});
