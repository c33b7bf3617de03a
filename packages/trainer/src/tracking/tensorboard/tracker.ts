import { appendFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SETTINGS_FILE } from '../../config/run-folder.js';
import { imagesOf } from '../../data/prompt.js';
import { readTextSync } from '../../models/files.js';
import { trackedFigures } from '../evaluation-file.js';
import type { RunEvent, Tracker } from '../events.js';
import { answersInMarkdown, firstGroups, tasksInMarkdown } from '../markdown.js';
import { encodePicture } from '../report/picture.js';
import { fileVersion, imageValue, scalarValue, sessionStart, summary, textValue } from './event.js';
import { tfRecord } from './record.js';
import { scalarTag } from './tags.js';

/** Folder of the event files in a run folder. */
export const TENSORBOARD_FOLDER = 'tensorboard';

/** Longest side of a picture, in pixels: enough to see a degradation, small enough to keep hundreds. */
const LONGEST = 256;

/** What {@link tensorboardTracker} may be told. */
export interface TensorboardOptions {
  /** Steps between completions with their pictures, from the first step on. @defaultValue 10 */
  readonly completionsEvery?: number;
  /** Seconds since 1970. @defaultValue the system's */
  readonly now?: () => number;
}

/** TensorBoard reads files in the order of their names: a new one must come after those there are, whatever the clock says. */
function nextFile(folder: string, time: number): string {
  const seconds = readdirSync(folder).map((name) => Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0));
  const second = Math.max(Math.floor(time), ...seconds.map((value) => value + 1));
  return join(folder, `events.out.tfevents.${String(second).padStart(10, '0')}.${hostname()}.${process.pid}`);
}

type StepEvent = Extract<RunEvent, { type: 'step' }>;

/** Answers of one group a task as text, with the pictures they speak of beside them. */
async function completionValues({ rollouts, metrics }: StepEvent): Promise<Buffer[]> {
  const tasks = tasksInMarkdown(metrics);
  const values = tasks === undefined ? [] : [textValue('tasks/table', tasks)];
  for (const [task, group] of firstGroups(rollouts)) {
    values.push(textValue(`completions/${task}/answers`, answersInMarkdown(group)));
    for (const [i, image] of imagesOf(group[0]!.prompt).entries()) {
      values.push(imageValue(`completions/${task}/image-${i + 1}`, await encodePicture(image, LONGEST)));
    }
  }
  return values;
}

/**
 * Writes TensorBoard event files into `RUN/tensorboard/`: every figure as a scalar, and every few steps the answers to one
 * prompt of each task with their pictures. A step is written at once. A run that goes on starts a new file, which tells
 * TensorBoard to forget what was logged after the checkpoint; a record cut short by a kill ends its file and nothing else.
 *
 * See them with `tensorboard --logdir runs`.
 */
export function tensorboardTracker(run: string, options: TensorboardOptions = {}): Tracker {
  const { completionsEvery = 10, now = () => Date.now() / 1000 } = options;
  const folder = join(run, TENSORBOARD_FOLDER);
  let file = '';
  const write = (events: readonly Buffer[]) => appendFileSync(file, Buffer.concat(events.map(tfRecord)));

  const start = (step: number) => {
    mkdirSync(folder, { recursive: true });
    const resumed = readdirSync(folder).length > 0;
    const time = now();
    file = nextFile(folder, time);
    const settings = join(run, SETTINGS_FILE);
    const first = existsSync(settings)
      ? [summary({ step, time }, [textValue('settings', `\`\`\`\n${readTextSync(settings)}\`\`\``)])]
      : [];
    write([fileVersion({ step, time }), ...(resumed ? [sessionStart({ step: step + 1, time })] : first)]);
  };

  const step = async (event: StepEvent) => {
    const scalars = Object.entries(event.metrics).map(([name, value]) => scalarValue(scalarTag(name), value));
    const shown = (event.step - 1) % completionsEvery === 0 ? await completionValues(event) : [];
    write([summary({ step: event.step, time: now() }, [...scalars, ...shown])]);
  };
  return async (event) => {
    if (event.type === 'start') start(event.step);
    if (event.type === 'step') await step(event);
    if (event.type === 'evaluation') {
      const values = Object.entries(trackedFigures(event.figures)).map(([name, value]) => scalarValue(name, value));
      write([summary({ step: event.step, time: now() }, values)]);
    }
    if (event.type === 'alarm') {
      const text = `**${event.alarm}** ${event.state}: ${event.message}\n\n${event.advice} (${event.help})`;
      write([summary({ step: event.step, time: now() }, [textValue(`alarms/${event.alarm}`, text)])]);
    }
  };
}
