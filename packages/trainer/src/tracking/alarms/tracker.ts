import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tracker } from '../events.js';
import { dropLinesAfter, readJsonl, readMetrics } from '../jsonl.js';
import { helpFor, NOT_A_NUMBER } from './alarms.js';
import { alarmWatch, type AlarmChange } from './spells.js';

/** A line for each alarm that was raised or is over. */
export const ALARMS_FILE = 'alarms.jsonl';

/** The alarms of a run so far. */
export const readAlarms = (run: string): AlarmChange[] => readJsonl<AlarmChange>(join(run, ALARMS_FILE));

/**
 * Watches a run's figures, writes alarms.jsonl, and tells the listeners of each alarm once. A run that goes on is watched
 * as if it had not stopped.
 */
export function alarmTracker(run: string, listeners: readonly Tracker[]): Tracker {
  const file = join(run, ALARMS_FILE);
  let watch = alarmWatch();
  let lastStep = 0;
  const tell = async (change: AlarmChange) => {
    appendFileSync(file, `${JSON.stringify(change)}\n`);
    for (const listen of listeners) await listen({ type: 'alarm', ...change });
  };
  return async (event) => {
    if (event.type === 'start') {
      lastStep = event.step;
      dropLinesAfter(file, event.step);
      watch = alarmWatch();
      for (const row of readMetrics(run)) if (row.step <= event.step) watch(row);
    }
    if (event.type === 'step') {
      lastStep = event.step;
      for (const change of watch({ ...event.metrics, step: event.step })) await tell(change);
    }
    // Log-probs and gradients that are no numbers end a run before its figures can show it.
    if (event.type === 'failed' && /\b(NaN|-?Infinity)\b/.test(event.message)) {
      const { name: alarm, advice } = NOT_A_NUMBER;
      await tell({ step: lastStep + 1, alarm, state: 'raised', message: event.message, advice, help: helpFor(alarm) });
    }
  };
}
