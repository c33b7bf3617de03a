import { qInsightRewards } from '@q-insight/rewards';
import { spearman } from '../../packages/trainer/src/evaluation/correlation.js';
import { evaluate } from '../../packages/trainer/src/evaluation/evaluate.js';
import type { EvaluationReport } from '../../packages/trainer/src/evaluation/report.js';
import type { Policy } from '../../packages/trainer/src/policies/policy.js';
import { answers, captions, type ExampleSource, type MakeExample } from './examples.js';

const CAPTION_TOKENS = 12;
/** Longest answer the tiny model is asked for. The longest right one has 37 tokens. */
export const ANSWER_TOKENS = 48;

/** How well captions fit held-out images, greedily decoded. */
export interface CaptionQuality {
  readonly count: number;
  readonly class: number;
  /** With the class right too, among images that have a level. */
  readonly level: number;
  /** Share of scores within .35. */
  readonly scoreWithin: number;
  readonly scoreSrcc: number | null;
}

/** Measures captions (see {@link captions}) on held-out photographs. */
export async function measureCaptions(
  policy: Policy,
  source: Omit<ExampleSource, 'side'>,
  count: number,
): Promise<CaptionQuality> {
  const examples = await makeAll(captions({ ...source, side: 'heldOut' }), count);
  const options = { groupSize: 1, maxTokens: CAPTION_TOKENS, temperature: 0, seed: 'captions' };
  const groups = await policy.sample(examples.map(({ prompt }) => prompt), options); // prettier-ignore
  const pairs = examples.map(({ text }, i) => ({
    truth: text.split(' '),
    said: groups[i]![0]!.text.trim().split(/\s+/),
  }));
  const share = (of: typeof pairs, match: (pair: (typeof pairs)[number]) => boolean) =>
    of.filter(match).length / Math.max(1, of.length);
  const scored = pairs.filter(({ said }) => Number.isFinite(Number(said[2])));
  return {
    count,
    class: share(pairs, ({ truth, said }) => truth[0] === said[0]),
    level: share(
      pairs.filter(({ truth }) => truth[0] !== 'null'),
      ({ truth, said }) => truth[0] === said[0] && truth[1] === said[1],
    ),
    scoreWithin: share(pairs, ({ truth, said }) => Math.abs(Number(truth[2]) - Number(said[2])) < 0.35),
    scoreSrcc: spearman(
      scored.map(({ said }) => Number(said[2])),
      scored.map(({ truth }) => Number(truth[2])),
    ),
  };
}

/** The figures of a report, without its answers. */
export type Figures = Omit<EvaluationReport, 'answers'>;

/** Measures answers on held-out photographs: sampled at T = 1, as GRPO samples, and greedy. */
export async function measureAnswers(
  policy: Policy,
  source: Omit<ExampleSource, 'side'>,
  count: number,
): Promise<{ sampled: Figures; greedy: Figures; examples: string[] }> {
  const make = answers({ ...source, side: 'heldOut' });
  const dataset = { length: count, get: async (index: number) => (await make(index)).prompt };
  const ask = async (temperature: number) => {
    const { answers: given, ...figures } = await evaluate(policy, dataset, qInsightRewards(), {
      temperature,
      maxTokens: ANSWER_TOKENS,
      seed: 'measure',
      batch: 32,
    });
    return { figures, given };
  };
  const sampled = await ask(1);
  const greedy = await ask(0);
  return {
    sampled: sampled.figures,
    greedy: greedy.figures,
    examples: sampled.given.slice(0, 6).map(({ text }) => text),
  };
}

async function makeAll(make: MakeExample, count: number) {
  const examples = [];
  for (let i = 0; i < count; i++) examples.push(await make(i));
  return examples;
}

/** Figures in one line for a terminal. */
export function figuresLine(figures: Figures): string {
  const number = (value: number | null) => (value === null ? '-' : value.toFixed(3));
  const { reward, formatRate, rewards, degradation, score } = figures;
  return (
    `reward ${number(reward)} of 2, format ${number(formatRate)}, class ${number(degradation.micro.class)}, ` +
    `level ${number(degradation.micro.level)}, score ${number(rewards['score'] ?? null)}, srcc ${number(score.srcc)}`
  );
}
