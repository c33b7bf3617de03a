import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { readRunSettings, SETTINGS_FILE } from '../../config/run-folder.js';
import { replaceTextSync } from '../../models/files.js';
import { readAlarms } from '../alarms/tracker.js';
import { readEvaluation } from '../evaluation-file.js';
import { readMetrics } from '../jsonl.js';
import { reportPage } from './page.js';
import { dataUrl } from './picture.js';

/** Name of the report in a run folder. */
export const REPORT_FILE = 'report.html';

/** uPlot's script and style as its package ships them. */
function uplotFiles(): { script: string; style: string } {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot'));
  const text = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { script: text('uPlot.iife.min.js'), style: text('uPlot.min.css') };
}

/**
 * Writes report.html from what lies in the run folder: settings, metrics, and the evaluation when there is one.
 *
 * @returns the report's path
 */
export function writeReport(run: string): string {
  const page = reportPage({
    name: basename(resolve(run)),
    settings: readFileSync(join(run, SETTINGS_FILE), 'utf8'),
    metrics: readMetrics(run),
    steps: readRunSettings(run).steps,
    evaluation: readEvaluation(run),
    alarms: readAlarms(run),
    picture: ({ picture }) => dataUrl(join(run, picture)),
    uplot: uplotFiles(),
  });
  const file = join(run, REPORT_FILE);
  replaceTextSync(file, page);
  return file;
}
