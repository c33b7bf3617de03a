import { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { loadSources } from '../config/data-file.js';
import { checkAll } from '../data/check/check-all.js';
import type { SetCheck } from '../data/check/check-set.js';
import { checkPage } from '../data/check/page.js';
import { checkTable, statisticsText } from '../data/check/text.js';
import { progressBar, type Progress } from '../tracking/progress.js';
import { collect, overridesOf, wholeNumber } from './options.js';

/** Flags of `q-insight data check`. */
export interface DataCheckOptions {
  readonly set?: readonly string[];
  readonly smallest: string;
  readonly limit: string;
  readonly html?: string;
  readonly json?: string;
}

/** `q-insight data`. */
export function dataCommand(): Command {
  const check = new Command('check')
    .description('check every row and read every image of a recipe or a benchmark, before hours are spent on them')
    .argument('<file>', 'YAML file with a section data or sets')
    .option(
      '--set <key=value>',
      'change a setting, for example --set data.train.images=/data (may be repeated)',
      collect,
    )
    .option('--smallest <pixels>', 'shortest side an image must have', '28')
    .option('--limit <n>', 'findings that are printed for each set', '10')
    .option('--html <file>', 'also write a page with the distributions and all findings')
    .option('--json <file>', 'also write everything as JSON')
    .action(async (file: string, options: DataCheckOptions) => {
      process.exitCode = await dataCheck(file, options);
    });
  return new Command('data').description('look at data').addCommand(check);
}

/** @returns the exit code: 1 when anything was found */
export async function dataCheck(file: string, options: DataCheckOptions): Promise<number> {
  const smallestSide = wholeNumber('--smallest', options.smallest, 1);
  const limit = wholeNumber('--limit', options.limit, 0);
  const sources = loadSources(file, overridesOf({ set: options.set ?? [] }));
  const bars = new Map<string, Progress>();
  const checks = await checkAll(sources, {
    smallestSide,
    onProgress: (name, done, total) => {
      const bar = bars.get(name) ?? progressBar(name, { unit: 'images' });
      bars.set(name, bar);
      bar.update(done, total);
      if (done === total) bar.stop();
    },
  });
  console.log(`${checkTable(checks)}\n`);
  for (const { name, statistics, findings } of checks) {
    const text = statisticsText(name, statistics);
    if (text !== '') console.log(`${text}\n`);
    for (const finding of findings.slice(0, limit)) console.log(`${finding.kind}: ${finding.text}`);
    if (findings.length > limit)
      console.log(`… and ${findings.length - limit} more of ${name}; --limit or --html shows them`);
  }
  if (options.html !== undefined) writeFileSync(options.html, checkPage(file, checks));
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify(checks.map(withoutHashes), null, 2)}\n`);
  const found = checks.reduce((sum, { findings }) => sum + findings.length, 0);
  console.log(found === 0 ? 'nothing is wrong' : `${found} ${found === 1 ? 'finding' : 'findings'}`);
  return found === 0 ? 0 : 1;
}

const withoutHashes = ({ hashes, ...check }: SetCheck) => ({ ...check, files: hashes.size });
