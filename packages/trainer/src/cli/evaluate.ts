import { Command } from 'commander';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { newestRun, readRunSettings } from '../config/run-folder.js';
import type { Settings } from '../config/schema.js';
import { first } from '../training/dataset.js';
import { imagesOf, type Dataset } from '../data/prompt.js';
import { writeJson } from '../models/files.js';
import { comparisonTable, exampleText } from '../tracking/comparison.js';
import { EVALUATION_FILE, type EvaluationFile, type Example } from '../tracking/evaluation-file.js';
import { progressBar } from '../tracking/progress.js';
import { writePicture } from '../tracking/report/picture.js';
import { writeReport } from '../tracking/report/write-report.js';
import { trainedCheckpoint } from './checkpoint.js';
import { judgePolicy, type Judged } from './judge-policy.js';
import { collect, overridesOf, type SettingOptions } from './options.js';
import { samplingOf, type Parts } from './parts.js';
import { startingFigures } from './starting-figures.js';

/** Sample answers that are shown. */
const EXAMPLES = 3;
const PICTURES = 'pictures';

/** `q-insight evaluate [RUN]`. */
export function evaluateCommand(parts: Parts): Command {
  return new Command('evaluate')
    .description('compare a trained model with the one it started from, on photographs that training never saw')
    .argument('[run]', 'run folder (default: the newest in runs/)')
    .option('--set <key=value>', 'change a setting, for example --set evaluate.prompts=500 (may be repeated)', collect)
    .action(async (run: string = newestRun(), options: SettingOptions) => {
      await evaluateRun(run, readRunSettings(run, overridesOf(options)), parts);
    });
}

/** The prompts a run's models are compared on. */
export async function heldOutPrompts({ data, evaluate }: Settings, parts: Parts): Promise<Dataset> {
  return first(await parts.openDataset(data.heldOut, 'heldOut', 'held-out'), evaluate.prompts);
}

/** Pairs the answers to the first held-out prompts: not chosen, so neither flattering nor gloomy. */
async function examplesOf(run: string, dataset: Dataset, before: Judged, after: Judged): Promise<Example[]> {
  mkdirSync(join(run, PICTURES), { recursive: true });
  const examples: Example[] = [];
  for (const [i, answer] of after.answers.slice(0, EXAMPLES).entries()) {
    const prompt = await dataset.get(i);
    const image = imagesOf(prompt)[0];
    if (image === undefined) continue;
    const picture = `${PICTURES}/${i + 1}.png`;
    await writePicture(join(run, picture), image);
    const { id, label } = prompt;
    examples.push({ prompt: id, image: image.name, picture, label, before: before.answers[i]!, after: answer });
  }
  return examples;
}

/**
 * Evaluates the starting and the trained model of a run, prints the comparison, and writes evaluation.json and report.html.
 * The starting model's part is kept in the run folder, since it cannot change.
 */
export async function evaluateRun(run: string, settings: Settings, parts: Parts): Promise<EvaluationFile> {
  const trained = trainedCheckpoint(run);
  const dataset = await heldOutPrompts(settings, parts);
  const policy = await parts.openPolicy(settings.model, {
    reference: false,
    seed: 'evaluate',
    sampling: samplingOf(settings, run),
  });
  const judge = async (name: string, step: number) => {
    const progress = progressBar(`${name} model, ${dataset.length} held-out prompts`);
    return judgePolicy(policy, dataset, settings, { run, step }, EXAMPLES, progress.update).finally(progress.stop);
  };
  const { before, after } = await (async () => {
    try {
      const start = await startingFigures(run, settings, () => judge('starting', 0));
      await policy.load(trained.folder);
      return { before: start, after: await judge('trained', trained.state.step) };
    } finally {
      policy.dispose();
    }
  })();

  const examples = await examplesOf(run, dataset, before, after);
  const evaluation: EvaluationFile = {
    version: 1,
    step: trained.state.step,
    prompts: dataset.length,
    samples: settings.evaluate.samples,
    before: before.figures,
    after: after.figures,
    examples,
    proxyScores: settings.data.heldOut.kind === 'photos',
    details: { before: before.details, after: after.details },
  };
  await writeJson(join(run, EVALUATION_FILE), evaluation);
  const report = writeReport(run);
  console.log(`\n${comparisonTable(evaluation)}\n\n${examples.map(exampleText).join('\n\n')}\n\nreport: ${report}`);
  return evaluation;
}
