import { describe, expect, test } from '@jest/globals';
import {
  cosineLengthReward,
  repetitionReward,
  softOverlongReward,
  thinkAnswerFormatReward,
  type Reward,
} from '../../src/index.js';
import { goldenCases } from '../golden.js';
import { sampleOf } from '../samples.js';

interface TrlCase {
  fn: string;
  maxLen: number;
  cache: number;
  len: number;
  ngram: number;
  maxPenalty: number;
  ids: number[];
  kw: { min_value_wrong?: number; max_value_wrong?: number; min_value_correct?: number; max_value_correct?: number };
  correct: boolean;
  out: number;
}

interface SwiftCase {
  len: number;
  correct: number;
  cosine: number;
  softOverlong: number;
  text: string;
  repetition: number;
  format?: number;
}

const tokens = (count: number): { completionIds: number[] } => ({ completionIds: new Array<number>(count).fill(0) });
const given = (right: boolean): Reward => ({ name: 'accuracy', range: [0, 1], score: () => (right ? 1 : 0) });
const trl = (fn: string): [string, TrlCase][] =>
  goldenCases<TrlCase>('rewards_trl')
    .filter((c) => c.fn === fn)
    .map((c) => [JSON.stringify(c), c]);

describe('TRL 1.16', () => {
  test.each(trl('soft_overlong'))('%s', (_, c) => {
    const reward = softOverlongReward({ maxLength: c.maxLen, cache: c.cache });
    expect(reward.score({ ...sampleOf(''), ...tokens(c.len) })).toBeCloseTo(c.out, 8);
  });

  test.each(trl('repetition_penalty'))('%s', (_, c) => {
    const reward = repetitionReward({ size: c.ngram, penalty: c.maxPenalty, unit: 'tokens' });
    expect(reward.score({ ...sampleOf(''), completionIds: c.ids })).toBeCloseTo(c.out, 8);
  });

  test.each(trl('cosine'))('%s', async (_, c) => {
    const { min_value_wrong = -1, max_value_wrong = -0.5, min_value_correct = 0.5, max_value_correct = 1 } = c.kw;
    const reward = cosineLengthReward({
      accuracy: given(c.correct),
      maxLength: c.maxLen,
      right: [max_value_correct, min_value_correct],
      wrong: [min_value_wrong, max_value_wrong],
    });
    expect(await reward.score({ ...sampleOf(''), ...tokens(c.len) })).toBeCloseTo(c.out, 8);
  });

  test('the defaults of the cosine are its defaults', async () => {
    const plain = goldenCases<TrlCase>('rewards_trl').filter(
      (c) => c.fn === 'cosine' && Object.keys(c.kw).length === 0,
    );
    expect(plain.length).toBeGreaterThan(5);
    for (const c of plain) {
      const reward = cosineLengthReward({ accuracy: given(c.correct), maxLength: c.maxLen });
      expect(await reward.score({ ...sampleOf(''), ...tokens(c.len) })).toBeCloseTo(c.out, 8);
    }
  });
});

const swift = goldenCases<SwiftCase>('rewards_swift');

describe('ms-swift 4.6', () => {
  test.each(swift.filter((c) => c.format === undefined).map((c) => [JSON.stringify(c), c] as const))(
    '%s',
    async (_, c) => {
      const sample = { ...sampleOf(c.text), ...tokens(c.len) };
      const soft = softOverlongReward({ maxLength: 100, cache: 20, beyond: 'continue' });
      const cosine = cosineLengthReward({
        accuracy: given(c.correct === 1),
        maxLength: 100,
        right: [1, 0.5],
        wrong: [-0.5, 0],
        beyond: 'continue',
      });
      expect(soft.score(sample)).toBeCloseTo(c.softOverlong, 8);
      expect(await cosine.score(sample)).toBeCloseTo(c.cosine, 8);
      expect(repetitionReward().score(sample)).toBeCloseTo(c.repetition, 8);
    },
  );

  test.each(swift.filter((c) => c.format !== undefined).map((c) => [c.text, c.format] as const))(
    'format of %j: %d',
    (text, value) => {
      expect(thinkAnswerFormatReward().score(sampleOf(text))).toBe(value);
    },
  );
});
