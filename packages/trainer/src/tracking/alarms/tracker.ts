import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tracker } from '../events.js';
import { dropLinesAfter, readJsonl, readMetrics } from '../jsonl.js';
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
  return async (event) => {
    if (event.type === 'start') {
      dropLinesAfter(file, event.step);
      watch = alarmWatch();
      for (const row of readMetrics(run)) if (row.step <= event.step) watch(row);
    }
    if (event.type !== 'step') return;
    for (const change of watch({ ...event.metrics, step: event.step })) {
      appendFileSync(file, `${JSON.stringify(change)}\n`);
      for (const listen of listeners) await listen({ type: 'alarm', ...change });
    }
  };
}
