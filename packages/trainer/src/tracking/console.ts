import pc from 'picocolors';
import type { AlarmChange } from './alarms/spells.js';
import { duration, recentMean } from './duration.js';
import type { RunEvent, StepMetrics, Tracker } from './events.js';
import { terminalBar } from './progress.js';

/** Where progress goes. */
export interface ConsoleOptions {
  /** @defaultValue process.stderr, so that stdout stays free for results */
  readonly stream?: NodeJS.WriteStream;
  /** Seconds between lines when the stream is no terminal. @defaultValue 5 */
  readonly every?: number;
  /** Seconds after which the run stops by itself. @defaultValue none */
  readonly timeLimit?: number;
  /** Seconds on some clock that only rises. @defaultValue the process's */
  readonly clock?: () => number;
}

/** `reward 1.21 (format 0.98, degradation 0.40)`: the mean reward and what it is made of. */
export function rewardsInWords(metrics: StepMetrics): string {
  const parts = Object.entries(metrics).flatMap(([name, value]) => {
    const reward = /^rewards\/(.+)\/mean$/.exec(name)?.[1];
    return reward === undefined ? [] : [`${reward} ${value.toFixed(2)}`];
  });
  return `reward ${(metrics['reward'] ?? NaN).toFixed(2)} (${parts.join(', ')})`;
}

type StepEvent = Extract<RunEvent, { type: 'step' }>;

/** `held-out after step 20: reward 1.41, class accuracy 0.72 (best so far)` */
function evaluationInWords({ step, figures, isBest }: Extract<RunEvent, { type: 'evaluation' }>): string {
  const { reward, srcc, classAccuracy, levelAccuracy } = figures;
  const parts = Object.entries({ reward, srcc, 'class accuracy': classAccuracy, 'level accuracy': levelAccuracy });
  const known = parts.flatMap(([name, value]) => (value === null ? [] : [`${name} ${value.toFixed(2)}`]));
  return `held-out after step ${step}: ${known.join(', ')}${isBest ? ' (best so far)' : ''}`;
}

/** `2.31 GB (0.85 GB in 412 tensors)`: the process's memory, and what of it the model's tensors take. */
export function memoryInWords(metrics: StepMetrics): string {
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`;
  const { 'memory/rss_bytes': rss, 'memory/tensor_bytes': bytes, 'memory/tensors': count } = metrics;
  const tensors = bytes === undefined || count === undefined ? '' : ` (${gigabytes(bytes)} in ${count} tensors)`;
  return rss === undefined ? '' : `${gigabytes(rss)}${tensors}`;
}

/** Time left comes first: a narrow terminal cuts off the end. */
function status({ metrics, step, steps }: StepEvent, left: number): string {
  const time = step === steps ? 'done' : `${duration(left)} left`;
  const speed = `${Math.round(metrics['tokens_per_second'] ?? 0)} tokens/s`;
  return [time, rewardsInWords(metrics), speed, memoryInWords(metrics)].filter((part) => part !== '').join(' · ');
}

/** `step 41: the format reward stays at 0.50 … → read some answers … (docs/troubleshooting.md#format-reward-flat)` */
function alarmInWords({ step, message, advice, help }: AlarmChange): string {
  return `${pc.yellow(`step ${step}: ${message}`)}\n  → ${advice} (${help})`;
}

/** Shows progress: a bar in a terminal, a line every few seconds elsewhere. */
export function consoleTracker(options: ConsoleOptions = {}): Tracker {
  const { stream = process.stderr, every = 5, timeLimit, clock = () => performance.now() / 1000 } = options;
  const write = (text: string) => void stream.write(`${text}\n`);
  const format = `${pc.bold('step {value}/{total}')} ${pc.green('{bar}')} {status}`;
  const bar = stream.isTTY ? terminalBar(format, stream) : undefined;
  /** A line that stays, above the bar. */
  const note = (text: string) => {
    if (bar?.isActive) {
      stream.clearLine(0);
      stream.cursorTo(0);
    }
    write(text);
  };
  let started = clock();
  const paces: number[] = [];
  let shown = -Infinity;

  const onStep = (event: StepEvent) => {
    const now = clock();
    paces.push(event.metrics['step_time'] ?? 0);
    const bySteps = (event.steps - event.step) * recentMean(paces);
    const left = timeLimit === undefined ? bySteps : Math.min(bySteps, timeLimit - (now - started));
    const text = status(event, left);
    if (bar) bar.update(event.step, { status: text });
    else if (now - shown >= every || event.step === event.steps) {
      shown = now;
      write(`step ${event.step}/${event.steps} · ${text}`);
    }
  };

  return (event) => {
    if (event.type === 'start') {
      started = clock();
      bar?.start(event.steps, event.step, { status: 'first step …' });
    }
    if (event.type === 'step') onStep(event);
    if (event.type === 'evaluation') note(evaluationInWords(event));
    if (event.type === 'alarm' && event.state === 'raised') note(alarmInWords(event));
    if (event.type === 'warning') note(event.text);
    if (event.type === 'end' || event.type === 'failed') bar?.stop();
    if (event.type === 'end') {
      if (event.outcome === 'early-stop') write(`no better evaluation for a while: stopped after step ${event.step}`);
      if (event.outcome === 'time-limit') write(`time limit reached after step ${event.step} of ${event.steps}`);
    }
  };
}
