import type { Settings } from '../config/schema.js';
import { trackerChoice, type TrackerChoice } from '../config/trackers.js';
import { alarmTracker } from './alarms/tracker.js';
import { consoleTracker, type ConsoleOptions } from './console.js';
import type { Tracker } from './events.js';
import { jsonlTracker } from './jsonl.js';
import { mlflowTracker } from './mlflow/tracker.js';
import { tensorboardTracker } from './tensorboard/tracker.js';
import { wandbTracker } from './wandb/tracker.js';

/** What {@link openTracker} may be told. */
export interface TrackerOptions {
  /** Steps between completions that are shown with their images. */
  readonly completionsEvery: number;
  /** Told of trouble that does not end the run. */
  readonly warn: (text: string) => void;
  /** Longest wait for a server at the end, in seconds. @defaultValue the tracker's */
  readonly lastWait?: number;
}

/**
 * A tracker as a recipe or a flag names it.
 *
 * @param run - run folder
 * @throws when it cannot be opened as it is named
 */
export function openTracker({ name, target }: TrackerChoice, run: string, options: TrackerOptions): Tracker {
  const { completionsEvery, ...rest } = options;
  switch (name) {
    case 'tensorboard':
      return tensorboardTracker(run, { completionsEvery });
    case 'wandb':
      return wandbTracker(run, { project: target });
    case 'mlflow':
      return mlflowTracker(run, { address: target, ...rest });
  }
}

/**
 * Everything that watches a run: its own files first, so that what is sent elsewhere can be sent again from them, then the
 * trackers the settings name, then the console, and the alarms, which tell all of them.
 *
 * @throws when a tracker cannot be opened as it is named
 */
export function openTrackers(
  run: string,
  settings: Pick<Settings, 'trackers' | 'completionsEvery'>,
  options: ConsoleOptions = {},
): Tracker[] {
  const shown = consoleTracker(options);
  const warn = (text: string) => void shown({ type: 'warning', text });
  const chosen = settings.trackers.map((text) => openTracker(trackerChoice(text), run, { ...settings, warn }));
  // Alarms before what sends them: a line of alarms.jsonl is there when it is looked for.
  const listeners = [...chosen, shown];
  return [jsonlTracker(run), alarmTracker(run, listeners), ...listeners];
}
