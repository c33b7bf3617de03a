import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  causeLine,
  DISTORTION_CLASSES,
  explain,
  explanationLine,
  LEVELS,
  mark,
  qInsightRewards,
  summarize,
  type AnyReward,
  type Explanation,
  type Label,
  type Sample,
} from '@q-insight/rewards';
import pc from 'picocolors';
import { z } from 'zod';
import { checkRow } from '../config/row.js';
import { loadRewardSet } from '../config/reward-set.js';
import { readRunSettings, SETTINGS_FILE } from '../config/run-folder.js';
import { labelText } from '../tracking/comparison.js';
import { readJsonLines } from '../tracking/jsonl.js';
import { rewardsOf } from '../training/rewards.js';
import { wholeNumber } from './options.js';

/** Flags of `q-insight explain`. */
export interface ExplainOptions {
  readonly limit: string;
  readonly rewards?: string;
}

/** `q-insight explain FILE.jsonl`. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('say in plain words why each answer of a rollouts.jsonl got its rewards, and count the causes')
    .argument('<file>', 'rollouts.jsonl of a run, or any file of {"text": …, "label": {"task": …}} lines')
    .option('--limit <n>', 'answers to explain, the last ones of the file; 0 for the summary alone', '20')
    .option('--rewards <file>', 'rewards to explain, as for serve (default: those of the run, else of Q-Insight)')
    .action(async (file: string, options: ExplainOptions) => {
      for await (const text of explanations(file, options)) console.log(`${text}\n`);
    });
}

/** The rewards the answers were judged by: those that are named, those of the run the file lies in, or Q-Insight's. */
async function rewardsFor(file: string, named: string | undefined): Promise<readonly AnyReward[]> {
  if (named !== undefined) return (await loadRewardSet(named)).rewards;
  const run = dirname(file);
  return existsSync(join(run, SETTINGS_FILE)) ? rewardsOf(readRunSettings(run).rewards).rewards : qInsightRewards();
}

const labelSchema = z.discriminatedUnion('task', [
  z.object({ task: z.literal('score'), score: z.number(), proxy: z.literal(true).exactOptional() }),
  z.object({
    task: z.literal('degradation'),
    distortionClass: z.enum(DISTORTION_CLASSES),
    level: z.enum([...LEVELS, 'null']),
  }),
  z.object({ task: z.literal('comparison'), better: z.enum(['Image A', 'Image B', 'Similar']) }),
]) satisfies z.ZodType<Label>;

/** A line of rollouts.jsonl, of which text and label are needed; the rest says where the answer is from. */
const rowSchema = z.object({
  text: z.string(),
  label: labelSchema,
  id: z.string().optional(),
  step: z.number().optional(),
  prompt: z.string().optional(),
  advantage: z.number().nullish(), // JSON has no NaN: it is written as null
});

type Row = z.output<typeof rowSchema>;

/** An answer of the file. */
interface Answer {
  readonly row: Row;
  readonly sample: Sample;
}

/** A row as a sample; the completions of one prompt in one step are a group. */
function answerOf(row: Row, line: number): Answer {
  const group = `${row.step ?? ''}:${row.prompt ?? line}`;
  return { row, sample: { id: `line ${line}`, group, completion: row.text, label: row.label } };
}

/** One paragraph an answer: where it is from, the answer, and a line a reward; then one with the causes over the whole file. */
export async function* explanations(file: string, options: ExplainOptions): AsyncGenerator<string> {
  if (!existsSync(file)) throw new Error(`${file}: no such file`);
  const limit = wholeNumber('--limit', options.limit, 0);
  const rows = readJsonLines(file);
  if (rows.length === 0) throw new Error(`${file}: holds no answers`);
  const rewards = await rewardsFor(file, options.rewards);
  const answers = rows.map(({ line, value }) => answerOf(checkRow(rowSchema, value, `${file}:${line}`), line));
  const batch = answers.map(({ sample }) => sample);
  for (const { row, sample } of limit === 0 ? [] : answers.slice(-limit)) {
    const entries = (await explain(sample, rewards, batch)).filter((entry) => entry.value !== null);
    const step = row.step === undefined ? '' : `step ${row.step} · `;
    const where = `${step}${row.prompt ?? sample.id}`;
    const advantage = typeof row.advantage !== 'number' ? '' : ` · advantage ${row.advantage.toFixed(2)}`;
    yield [
      `${pc.bold(where)} · the label is ${labelText(row.label)}${advantage}`,
      `  ${row.text.replaceAll('\n', '\n  ')}`,
      ...entries.flatMap((entry) => reasonLines(entry, row.text)),
    ].join('\n');
  }
  const causes = (await summarize(batch, rewards)).filter((cause) => cause.mean !== null);
  yield [pc.bold(`Causes over ${batch.length} answers`), ...causes.map((cause) => `  ${causeLine(cause)}`)].join('\n');
}

/** Why a reward is what it is, and below it the part of the answer that this is about, in its surroundings. */
function reasonLines(entry: Explanation, text: string): string[] {
  const line = `  ${explanationLine(entry)}`;
  return entry.place === undefined ? [line] : [line, pc.dim(`    ${mark(text, entry.place)}`)];
}
