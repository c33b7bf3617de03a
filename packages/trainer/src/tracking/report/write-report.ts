import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { readRunSettings, SETTINGS_FILE } from '../../config/run-folder.js';
import { replaceTextSync } from '../../models/files.js';
import { readAlarms } from '../alarms/tracker.js';
import { readEvaluation, trackedFigures } from '../evaluation-file.js';
import type { StepMetrics } from '../events.js';
import { EVALUATIONS_FILE, readJsonl, readMetrics } from '../jsonl.js';
import { pageFile, uplotFile } from '../page-files.js';
import { reportPage } from './page.js';
import { dataUrl } from './picture.js';

/** Name of the report in a run folder. */
export const REPORT_FILE = 'report.html';

type Row = StepMetrics & { readonly step: number };

/** The figures of each step, with those of the evaluation made after it. */
function withEvaluations(rows: readonly Row[], evaluations: readonly Row[]): Row[] {
  const figures = new Map(evaluations.map(({ step, ...row }) => [step, trackedFigures(row)]));
  return rows.map((row) => ({ ...row, ...figures.get(row.step) }));
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
    metrics: withEvaluations(readMetrics(run), readJsonl(join(run, EVALUATIONS_FILE))),
    steps: readRunSettings(run).steps,
    evaluation: readEvaluation(run),
    alarms: readAlarms(run),
    picture: ({ picture }) => dataUrl(join(run, picture)),
    charts: {
      uplot: uplotFile('uPlot.iife.min.js'),
      style: uplotFile('uPlot.min.css'),
      draw: pageFile('draw-chart.js'),
    },
  });
  const file = join(run, REPORT_FILE);
  replaceTextSync(file, page);
  return file;
}
