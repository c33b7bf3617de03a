import { Command, Option } from 'commander';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { contactSheet } from '../data/degrade/contact-sheet.js';
import { isWhole, makePicture } from '../data/degrade/make.js';
import { appendRow, readManifest, writeManifest } from '../data/degrade/manifest.js';
import { planDegradations, type PlannedPicture } from '../data/degrade/plan.js';
import { LADDERS, type Ladder } from '../images/degradations/degrade.js';
import { progressBar } from '../tracking/progress.js';
import { wholeNumber } from './options.js';

/** Flags of `q-insight degrade`. */
export interface DegradeCommandOptions {
  readonly output: string;
  readonly seed: string;
  /** Left out in calls of before there were two: DQ-495K's. */
  readonly ladder?: Ladder;
  readonly classes?: string;
  readonly clean: string;
  readonly allSeverities?: boolean;
  readonly count: string;
  readonly shortSide: string;
  readonly jobs: string;
  /** A worker's number, from 0; set by the command itself. */
  readonly part?: string;
}

/** `q-insight degrade PHOTOS --output FOLDER`. */
export function degradeCommand(): Command {
  return new Command('degrade')
    .description('make pictures with known distortions out of clean photographs')
    .argument('<photos>', 'folder with photographs; folders inside are looked into')
    .requiredOption('--output <folder>', 'folder of the pictures and their manifest; a second call goes on there')
    .option('--seed <seed>', 'decides what is done to each photograph', '0')
    .addOption(
      new Option('--ladder <name>', 'whose functions and severities').choices(Object.keys(LADDERS)).default('dq495k'),
    )
    .option('--classes <names>', 'classes that are drawn from, with commas between (default: all of the ladder)')
    .option('--clean <share>', 'share of photographs that stay as they are', '0.05')
    .option('--all-severities', 'make all five severities of each photograph, instead of one')
    .option('--count <n>', 'distortions on top of each other, each of another class', '1')
    .option('--short-side <pixels>', 'reduce larger photographs to this first; 0 leaves them as they are', '224')
    .option('--jobs <n>', 'processes at work', String(availableParallelism()))
    .addOption(new Option('--part <n>').hideHelp())
    .action(async (photos: string, options: DegradeCommandOptions) => {
      if (options.part === undefined) await degradeFolder(photos, options);
      else await work(photos, options, Number(options.part));
    });
}

/** Plans, lets the processes do what is not done yet, and writes manifest and contact sheet. */
export async function degradeFolder(photos: string, options: DegradeCommandOptions): Promise<void> {
  const { output } = options;
  const jobs = wholeNumber('--jobs', options.jobs, 1);
  const plan = planOf(photos, options);
  keepSettings(output, options);
  writeManifest(output, [...readManifest(output).values()]); // joins what a killed call left
  const left = remaining(output, plan).length;
  const progress = progressBar('degrade', { unit: 'pictures' });
  let done = plan.length - left;
  const tell = () => progress.update(++done, plan.length);
  try {
    if (jobs === 1) await work(photos, options, 0, tell);
    else if (left > 0)
      await Promise.all(Array.from({ length: Math.min(jobs, left) }, (_, part) => workElsewhere(part, tell)));
  } finally {
    progress.stop();
  }
  const rows = readManifest(output);
  const manifest = writeManifest(output, plan.map((picture) => rows.get(picture.output)!)); // prettier-ignore
  writeFileSync(join(output, 'contact-sheet.html'), contactSheet([...readManifest(output).values()]));
  console.log(`${plan.length} pictures; manifest: ${manifest}, contact sheet: ${join(output, 'contact-sheet.html')}`);
}

/** The same command again, for one part of the work. */
function workElsewhere(part: number, tell: () => void): Promise<void> {
  const [script, ...flags] = process.argv.slice(1) as [string, ...string[]];
  const child = spawn(process.execPath, [...process.execArgv, script, ...flags, '--part', String(part)], { stdio: ['ignore', 'pipe', 'inherit'] }); // prettier-ignore
  createInterface(child.stdout).on('line', tell);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`process ${part} failed; a second call goes on`)),
    );
  });
}

/** Makes this part's share of what is left. */
async function work(
  photos: string,
  options: DegradeCommandOptions,
  part: number,
  tell = () => console.log(),
): Promise<void> {
  const { output } = options;
  const jobs = options.part === undefined ? 1 : wholeNumber('--jobs', options.jobs, 1);
  const plan = planOf(photos, options);
  const mine = new Set(plan.filter((_, i) => i % jobs === part));
  for (const picture of remaining(output, plan)) {
    if (!mine.has(picture)) continue;
    appendRow(output, part, await makePicture(picture, { from: photos, to: output }, wholeNumber('--short-side', options.shortSide, 0))); // prettier-ignore
    tell();
  }
}

const PHOTO = /\.(jpe?g|png|webp|gif|tiff?|avif|bmp)$/i;

function planOf(photos: string, options: DegradeCommandOptions): PlannedPicture[] {
  if (!existsSync(photos)) throw new Error(`${photos}: no such folder`);
  const names = readdirSync(photos, { recursive: true, encoding: 'utf8' }).filter((name) => PHOTO.test(name)).sort(); // prettier-ignore
  if (names.length === 0) throw new Error(`${photos}: no photographs in it`);
  return planDegradations(names, {
    seed: options.seed,
    ...(options.ladder !== undefined && { ladder: options.ladder }),
    clean: Number(options.clean),
    severities: options.allSeverities === true ? 'all' : 'one',
    count: wholeNumber('--count', options.count, 1),
    ...(options.classes !== undefined && { classes: options.classes.split(',') }),
  });
}

/** Pictures that no row describes, or whose file is not as its row says. */
function remaining(output: string, plan: readonly PlannedPicture[]): PlannedPicture[] {
  const rows = readManifest(output);
  return plan.filter((picture) => {
    const row = rows.get(picture.output);
    return row === undefined || !isWhole(output, row);
  });
}

/** Pictures made with other settings must not be mixed with these. */
function keepSettings(
  output: string,
  { seed, ladder, classes, clean, allSeverities, count, shortSide }: DegradeCommandOptions,
): void {
  const text = `${JSON.stringify({ seed, ladder, classes, clean, allSeverities, count, shortSide }, null, 2)}\n`;
  const file = join(output, 'settings.json');
  if (existsSync(file) && readFileSync(file, 'utf8') !== text) {
    throw new Error(`${file}: the pictures there were made with other settings; name another folder with --output`);
  }
  mkdirSync(join(output, 'images'), { recursive: true });
  writeFileSync(file, text);
}
