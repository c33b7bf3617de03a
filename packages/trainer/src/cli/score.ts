import Table from 'cli-table3';
import { Command } from 'commander';
import seedrandom from 'seedrandom';
import { readDegradation, readScore, type Label } from '@q-insight/rewards';
import type { SingleSource } from '../config/data-source.js';
import type { Settings } from '../config/schema.js';
import { cut, drawCrop } from '../data/crop.js';
import type { Prompt, RgbImage } from '../data/prompt.js';
import { SINGLE_IMAGE_TASKS, taskMessages, type SingleImageTask } from '../data/tasks.js';
import { decodeImage } from '../images/decode.js';
import type { Policy } from '../policies/policy.js';
import { askingOf } from '../training/dataset.js';
import { chooseCheckpoint, openCheckpoint } from './checkpoint.js';
import { wholeNumber } from './options.js';
import type { Parts } from './parts.js';

/** Flags of `q-insight score`. */
export interface ScoreOptions {
  readonly checkpoint?: string;
  readonly crops: string;
}

/** What a model says of a photograph. */
export interface Verdict {
  /** Mean over the parts that were shown; undefined when no answer could be read. */
  readonly rating: number | undefined;
  readonly distortionClass: string | undefined;
  readonly level: string | undefined;
  /** The answers the verdict stands on, one a task. */
  readonly answers: readonly string[];
}

/** `q-insight score PHOTO...`. */
export function scoreCommand(parts: Parts): Command {
  return new Command('score')
    .description('ask a trained model about photographs: rating, distortion and its level')
    .argument('<photo...>', 'JPEG, PNG or WebP files')
    .option('--checkpoint <folder>', "model or run folder (default: the newest run's trained model)")
    .option('--crops <n>', 'parts of a large photograph that are shown to a model trained on crops', '5')
    .action(async (photos: string[], options: ScoreOptions) => {
      const table = new Table({
        head: ['file', 'rating', 'distortion', 'level', 'answer'],
        colWidths: [null, null, null, null, 72],
        wordWrap: true,
        style: { head: [], border: [] },
      });
      for (const { photo, verdict } of await scorePhotos(photos, options, parts)) {
        const { rating, distortionClass, level, answers } = verdict;
        table.push([photo, rating?.toFixed(2) ?? '?', distortionClass ?? '?', level ?? '?', answers.join('\n')]);
      }
      console.log(table.toString());
    });
}

/** What is shown of a photograph: all of it, or a few of its parts at the scale the model was trained on. */
function views(image: RgbImage, data: SingleSource | undefined, crops: number): RgbImage[] {
  if (data?.kind !== 'photos' || image.width < data.cropSize || image.height < data.cropSize) return [image];
  const { cropSize } = data;
  const random = seedrandom('score'); // the same photograph always gives the same verdict
  return Array.from({ length: crops }, () => cut(image, drawCrop(image, cropSize, random), cropSize));
}

/** The value that occurs most; of several, the one that came first. */
function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** Reads one verdict out of the answers about a photograph's parts. */
export function verdictOf(answers: Readonly<Partial<Record<SingleImageTask, readonly string[]>>>): Verdict {
  const { score = [], degradation = [] } = answers;
  const ratings = score.map((text) => readScore(text)).flatMap((read) => ('value' in read ? [read.value] : []));
  const distortions = degradation.flatMap((text) => {
    const read = readDegradation(text);
    return 'value' in read ? [{ text, ...read.value }] : [];
  });
  const distortionClass = mostFrequent(distortions.map((read) => read.distortionClass));
  const agreeing = distortions.filter((read) => read.distortionClass === distortionClass);
  const level = mostFrequent(agreeing.flatMap((read) => read.level ?? []));
  const shown = [agreeing.find((read) => read.level === level)?.text ?? degradation[0], score[0]];
  return {
    rating: ratings.length === 0 ? undefined : ratings.reduce((sum, value) => sum + value, 0) / ratings.length,
    distortionClass,
    level,
    answers: shown.filter((text) => text !== undefined),
  };
}

async function ask(policy: Policy, image: RgbImage, options: { crops: number; settings: Settings | undefined }) {
  const { crops, settings } = options;
  const trained = settings?.data.train;
  const data = trained?.kind === 'joint' ? trained.sets[0] : trained; // asked in the style of the first set
  const tasks = data?.kind === 'photos' ? data.tasks : SINGLE_IMAGE_TASKS;
  const label: Label = { task: 'score', score: 3 }; // a question without a known answer; nothing reads it
  const verdict: Partial<Record<SingleImageTask, string[]>> = {};
  for (const task of tasks) {
    const prompts = views(image, data, crops).map((view): Prompt => ({
      id: `${task}:${view.name}`,
      messages: taskMessages(task, view, data && askingOf(data)),
      label,
    }));
    const maxTokens = settings?.grpo.maxTokens ?? 256;
    const groups = await policy.sample(prompts, { groupSize: 1, maxTokens, temperature: 0, seed: 'score' });
    verdict[task] = groups.map((group) => group[0]!.text);
  }
  return verdictOf(verdict);
}

/** Asks a checkpoint about photographs, one after the other. All are decoded first, so a bad file stops nothing halfway. */
export async function scorePhotos(
  photos: readonly string[],
  options: ScoreOptions,
  parts: Parts,
): Promise<{ photo: string; verdict: Verdict }[]> {
  const crops = wholeNumber('--crops', options.crops, 1);
  const images: RgbImage[] = [];
  for (const photo of photos) images.push(await decodeImage(photo));
  const chosen = chooseCheckpoint(options.checkpoint);
  const policy = await openCheckpoint(chosen, parts);
  try {
    const results = [];
    for (const [i, image] of images.entries()) {
      results.push({ photo: photos[i]!, verdict: await ask(policy, image, { crops, settings: chosen.settings }) });
    }
    return results;
  } finally {
    policy.dispose();
  }
}
