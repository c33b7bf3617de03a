import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  DISTORTION_CLASSES,
  explain,
  explanationLine,
  LEVELS,
  qInsightRewards,
  type Label,
  type Reward,
  type Sample,
} from '@q-insight/rewards';
import pc from 'picocolors';
import { z } from 'zod';
import { checkRow } from '../config/row.js';
import { readRunSettings, SETTINGS_FILE } from '../config/run-folder.js';
import { labelText } from '../tracking/comparison.js';
import { readJsonLines } from '../tracking/jsonl.js';
import { rewardsOf } from '../training/rewards.js';
import { wholeNumber } from './options.js';

/** Flags of `q-insight explain`. */
export interface ExplainOptions {
  readonly limit: string;
}

/** `q-insight explain FILE.jsonl`. */
export function explainCommand(): Command {
  return new Command('explain')
    .description('say in plain words why each answer of a rollouts.jsonl got its rewards')
    .argument('<file>', 'rollouts.jsonl of a run, or any file of {"text": …, "label": {"task": …}} lines')
    .option('--limit <n>', 'answers to explain, the last ones of the file', '20')
    .action(async (file: string, options: ExplainOptions) => {
      for await (const text of explanations(file, options)) console.log(`${text}\n`);
    });
}

/** The rewards the answers were judged by: those of the run the file lies in, else Q-Insight's. */
function rewardsFor(file: string): Reward[] {
  const run = dirname(file);
  return existsSync(join(run, SETTINGS_FILE)) ? rewardsOf(readRunSettings(run).rewards).rewards : qInsightRewards();
}

const labelSchema = z.discriminatedUnion('task', [
  z.object({ task: z.literal('score'), score: z.number() }),
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

/** One paragraph an answer: where it is from, the answer, and a line a reward. */
export async function* explanations(file: string, options: ExplainOptions): AsyncGenerator<string> {
  if (!existsSync(file)) throw new Error(`${file}: no such file`);
  const limit = wholeNumber('--limit', options.limit, 1);
  const rows = readJsonLines(file);
  if (rows.length === 0) throw new Error(`${file}: holds no answers`);
  const rewards = rewardsFor(file);
  for (const { line, value } of rows.slice(-limit)) {
    const { text, label, ...known } = checkRow(rowSchema, value, `${file}:${line}`);
    const sample: Sample = { id: known.id ?? String(line), group: 'explain', completion: text, label };
    const entries = (await explain(sample, rewards)).filter((entry) => entry.value !== null);
    const step = known.step === undefined ? '' : `step ${known.step} · `;
    const where = `${step}${known.prompt ?? `line ${line}`}`;
    const advantage = typeof known.advantage !== 'number' ? '' : ` · advantage ${known.advantage.toFixed(2)}`;
    yield [
      `${pc.bold(where)} · the label is ${labelText(label)}${advantage}`,
      `  ${text.replaceAll('\n', '\n  ')}`,
      ...entries.map((entry) => `  ${explanationLine(entry)}`),
    ].join('\n');
  }
}
