import { z } from 'zod';
import { nearest } from './nearest.js';

/** What shows a run besides the console and the run folder. */
export const TRACKERS = ['tensorboard', 'wandb', 'mlflow'] as const;

/** A tracker as a recipe or `--track` names it: `tensorboard`, `wandb=PROJECT`, `mlflow=http://127.0.0.1:5000`. */
export interface TrackerChoice {
  readonly name: (typeof TRACKERS)[number];
  /** W&B's project or MLflow's address, when given. */
  readonly target: string | undefined;
}

/** The parts of a tracker's text. The schema has made sure of the name. */
export function trackerChoice(text: string): TrackerChoice {
  const [, name, target] = /^([^=]*)=?(.*)$/s.exec(text)!;
  return { name: name as TrackerChoice['name'], target: target === '' ? undefined : target };
}

/** An address that requests can be sent to. */
export const isWebAddress = (text: string): boolean => /^https?:\/\//.test(text) && URL.canParse(text);

function problemOf(text: string): string | undefined {
  const { name, target } = trackerChoice(text);
  if (!TRACKERS.includes(name)) {
    const hint = nearest(name, TRACKERS);
    const advice = hint === undefined ? '' : `; did you mean '${hint}'?`;
    return `must be one of ${TRACKERS.join(', ')}, got ${JSON.stringify(name)}${advice}`;
  }
  if (name === 'tensorboard' && target !== undefined) {
    return `must be 'tensorboard' alone: its files lie in the run folder, got ${JSON.stringify(text)}`;
  }
  if (name === 'mlflow' && target !== undefined && !isWebAddress(target)) {
    return `must have an address such as mlflow=http://127.0.0.1:5000, got ${JSON.stringify(text)}`;
  }
  return undefined;
}

const tracker = z.string().superRefine((text, context) => {
  const message = problemOf(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** A list of trackers, each at most once. */
export const trackerList = z.array(tracker).superRefine((list, context) => {
  const names = list.map((text) => trackerChoice(text).name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    context.addIssue({ code: 'custom', message: `must name each tracker once, got '${twice}' twice` });
});
