import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { explain, explanationLine, qInsightRewards, type Label, type Reward, type Sample } from '@q-insight/rewards';
import pc from 'picocolors';
import { readRunSettings, SETTINGS_FILE } from '../config/run-folder.js';
import { labelText } from '../tracking/comparison.js';
import { readJsonl, type RolloutRecord } from '../tracking/jsonl.js';
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

type Row = Partial<RolloutRecord> & Pick<RolloutRecord, 'text' | 'label'>;

function check(row: Partial<RolloutRecord>, where: string): Row {
  const { text, label } = row;
  if (typeof text !== 'string')
    throw new Error(`${where}: 'text' must be the answer's text, got ${JSON.stringify(text)}`);
  const tasks: readonly unknown[] = ['score', 'degradation', 'comparison'] satisfies Label['task'][];
  const task = (label as Partial<Label> | undefined)?.task;
  if (!tasks.includes(task))
    throw new Error(`${where}: 'label.task' must be one of ${tasks.join(', ')}, got ${JSON.stringify(task)}`);
  return { ...row, text, label: label! };
}

/** One paragraph an answer: where it is from, the answer, and a line a reward. */
export async function* explanations(file: string, options: ExplainOptions): AsyncGenerator<string> {
  if (!existsSync(file)) throw new Error(`${file}: no such file`);
  const limit = wholeNumber('--limit', options.limit, 1);
  const rows = readJsonl<Partial<RolloutRecord>>(file);
  if (rows.length === 0) throw new Error(`${file}: holds no answers`);
  const rewards = rewardsFor(file);
  for (const [i, row] of [...rows.entries()].slice(-limit)) {
    const { text, label, ...known } = check(row, `${file}:${i + 1}`);
    const sample: Sample = { id: known.id ?? String(i), group: 'explain', completion: text, label };
    const entries = (await explain(sample, rewards)).filter(({ value }) => value !== null);
    const step = known.step === undefined ? '' : `step ${known.step} · `;
    const where = `${step}${known.prompt ?? `line ${i + 1}`}`;
    const advantage = known.advantage === undefined ? '' : ` · advantage ${known.advantage.toFixed(2)}`;
    yield [
      `${pc.bold(where)} · the label is ${labelText(label)}${advantage}`,
      `  ${text.replaceAll('\n', '\n  ')}`,
      ...entries.map((entry) => `  ${explanationLine(entry)}`),
    ].join('\n');
  }
}
