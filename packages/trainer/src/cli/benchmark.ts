import { Command } from 'commander';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { stringify } from 'yaml';
import { loadBenchmark, type BenchmarkSettings } from '../config/benchmark.js';
import type { Dataset } from '../data/prompt.js';
import { askAll } from '../evaluation/ask.js';
import { measureAnswers, type SetMeasures } from '../evaluation/measure-answers.js';
import { writeTables } from '../evaluation/tables/write-tables.js';
import { tableText } from '../evaluation/tables/text.js';
import type { Policy } from '../policies/policy.js';
import { progressBar } from '../tracking/progress.js';
import { chooseCheckpoint, openCheckpoint } from './checkpoint.js';
import { collect, overridesOf } from './options.js';
import { samplingOf, type Parts, type SamplingPurpose } from './parts.js';

/** Flags of `q-insight benchmark`. */
export interface BenchmarkOptions {
  readonly checkpoint?: string;
  readonly output?: string;
  readonly set?: readonly string[];
}

/** `q-insight benchmark SUITE`. */
export function benchmarkCommand(parts: Parts): Command {
  return new Command('benchmark')
    .description("ask a model a suite of test sets, and put its figures into the paper's tables")
    .argument('<suite>', 'YAML file with the test sets')
    .option('--checkpoint <folder>', "model or run folder (default: the suite's model)")
    .option(
      '--output <folder>',
      'folder of answers and tables (default: benchmarks/<suite>); a second call goes on there',
    )
    .option('--set <key=value>', 'change a setting, for example --set decoding.samples=5 (may be repeated)', collect)
    .action(async (suite: string, options: BenchmarkOptions) => {
      await benchmarkRun(suite, options, parts);
    });
}

/** Asks what was not asked before, measures, prints the tables and writes them. */
export async function benchmarkRun(suite: string, options: BenchmarkOptions, parts: Parts): Promise<SetMeasures[]> {
  const settings = loadBenchmark(suite, overridesOf({ set: options.set ?? [] }));
  const folder = options.output ?? join('benchmarks', basename(suite, extname(suite)));
  const { sets, decoding, measures } = settings;
  const datasets: { set: string; dataset: Dataset }[] = []; // all are opened before the first is asked
  for (const [set, source] of Object.entries(sets)) {
    datasets.push({ set, dataset: await parts.openDataset(source, 'heldOut', `${decoding.seed}/${set}`) });
  }
  keepQuestions(folder, settings, options.checkpoint);

  const { temperature, topP, topK, maxTokens, samples, batch, seed } = decoding;
  const sampling = { temperature, topP, topK, maxTokens, groupSize: samples, seed: String(seed) };
  let policy: Promise<Policy> | undefined;
  const open = () => (policy ??= openModel(settings, options, samplingOf(settings, folder), parts));
  const results: SetMeasures[] = [];
  try {
    for (const { set, dataset } of datasets) {
      const progress = progressBar(set);
      const file = join(folder, 'answers', `${set}.jsonl`);
      const rows = await askAll(open, dataset, file, { sampling, batch, onProgress: progress.update }).finally(
        progress.stop,
      );
      results.push(measureAnswers(set, rows, { ...measures, seed: String(measures.seed) }));
    }
  } finally {
    (await policy)?.dispose();
  }
  const tables = await writeTables(folder, settings.name, results, measures);
  console.log(`\n${tables.map(tableText).join('\n\n')}\n\ntables: ${join(folder, 'tables.html')}`);
  return results;
}

async function openModel(
  { model }: BenchmarkSettings,
  { checkpoint }: BenchmarkOptions,
  sampling: SamplingPurpose,
  parts: Parts,
): Promise<Policy> {
  if (checkpoint !== undefined) return openCheckpoint(chooseCheckpoint(checkpoint), parts, sampling);
  if (model !== undefined) return parts.openPolicy(model, { reference: false, seed: 'benchmark', sampling });
  throw new Error("not all answers are there, and there is no model to ask: name one with --checkpoint, or in 'model'");
}

/** What answers depend on, kept beside them: answers of one model or decoding must not be counted as another's. */
function keepQuestions(folder: string, settings: BenchmarkSettings, checkpoint: string | undefined): void {
  const { name, model, sets, decoding } = settings;
  const text = stringify({
    name,
    model: checkpoint ?? model ?? 'answers from elsewhere',
    sets,
    decoding: { ...decoding, batch: undefined },
  });
  const file = join(folder, 'questions.yaml');
  if (existsSync(file) && readFileSync(file, 'utf8') !== text) {
    throw new Error(
      `${file}: the answers there are to other questions or of another model; name another folder with --output`,
    );
  }
  mkdirSync(join(folder, 'answers'), { recursive: true });
  writeFileSync(file, text);
}
