import { join } from 'node:path';
import { trackedFigures } from '../evaluation-file.js';
import { EVALUATIONS_FILE, METRICS_FILE } from '../jsonl.js';
import { followLines } from './follow-lines.js';

/** The figures of a run by step, as they are written. */
export interface Figures {
  /** Reads what was written since. */
  update(): Promise<void>;
  /** Rising. */
  readonly steps: readonly number[];
  /** One column a figure, as long as `steps`; NaN where a step has none. */
  readonly columns: ReadonlyMap<string, readonly number[]>;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Follows metrics.jsonl and evaluations.jsonl of a run. A figure takes 8 bytes a step. Evaluations come under `evaluation/…`.
 */
export function followFigures(run: string): Figures {
  const steps: number[] = [];
  const columns = new Map<string, number[]>();
  const evaluations = new Map<number, Row>();

  function put(place: number, figures: Row): void {
    for (const [key, value] of Object.entries(figures)) {
      if (key === 'step' || typeof value !== 'number') continue; // what is not finite is written as null
      const column = columns.get(key) ?? [];
      columns.set(key, column);
      while (column.length < place) column.push(NaN);
      column[place] = value;
    }
  }

  function addStep(row: Row): void {
    const { step } = row;
    if (typeof step !== 'number' || step <= (steps.at(-1) ?? -Infinity)) return;
    steps.push(step);
    put(steps.length - 1, row);
    const evaluation = evaluations.get(step);
    if (evaluation !== undefined) put(steps.length - 1, trackedFigures(evaluation));
  }

  function addEvaluation({ step, ...row }: Row): void {
    if (typeof step !== 'number') return;
    evaluations.set(step, row);
    const place = placeOf(steps, step);
    if (steps[place] === step) put(place, trackedFigures(row));
  }

  const readMetrics = followLines(join(run, METRICS_FILE), {
    onRestart() {
      steps.length = 0;
      columns.clear();
    },
    onRow: (row) => addStep(row as Row),
  });
  const readEvaluations = followLines(join(run, EVALUATIONS_FILE), {
    onRestart() {
      evaluations.clear();
      for (const key of columns.keys()) if (key.startsWith('evaluation/')) columns.delete(key);
    },
    onRow: (row) => addEvaluation(row as Row),
  });
  return {
    steps,
    columns,
    async update() {
      await readMetrics();
      await readEvaluations();
      for (const column of columns.values()) while (column.length < steps.length) column.push(NaN);
    },
  };
}

/** Where a step is in a rising list, or would be. */
export function placeOf(steps: readonly number[], step: number): number {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (steps[middle]! < step) low = middle + 1;
    else high = middle;
  }
  return low;
}
