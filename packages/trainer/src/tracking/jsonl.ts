import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { imagesOf } from '../data/prompt.js';
import { readTextSync, replaceTextSync } from '../models/files.js';
import { dropHeldOutAfter } from './held-out-answers.js';
import type { Rollout, StepMetrics, Tracker } from './events.js';

/** One figure set a line, one line a step. */
export const METRICS_FILE = 'metrics.jsonl';
/** One completion a line. */
export const ROLLOUTS_FILE = 'rollouts.jsonl';

/** Figures of an evaluation during training a line. */
export const EVALUATIONS_FILE = 'evaluations.jsonl';

/** A line of rollouts.jsonl. */
export interface RolloutRecord {
  readonly step: number;
  readonly id: string;
  readonly prompt: string;
  readonly images: readonly string[];
  readonly text: string;
  readonly tokens: number;
  readonly finish_reason: 'stop' | 'length';
  readonly rewards: Readonly<Record<string, number | null>>;
  readonly reward: number | null;
  readonly advantage: number;
  readonly label: Rollout['prompt']['label'];
}

function record(step: number, { id, prompt, completion, rewards, total, advantage }: Rollout): RolloutRecord {
  return {
    step,
    id,
    prompt: prompt.id,
    images: imagesOf(prompt).map((image) => image.name),
    text: completion.text,
    tokens: completion.tokens.length,
    finish_reason: completion.finishReason,
    rewards,
    reward: total,
    advantage,
    label: prompt.label,
  };
}

/** JSON has no NaN or infinity; a figure that is one of them is written as null rather than breaking the line. */
const line = (value: object) => `${JSON.stringify(value)}\n`;

/** A line of a file that holds an object. */
export interface JsonLine {
  /** Counted from 1, blank lines too. */
  readonly line: number;
  readonly value: object;
}

/** The object a line holds, if it holds one. */
export function parseObject(text: string): object | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads a file of one JSON object a line, with the lines' numbers. A last line cut short by a kill is left out.
 *
 * @returns nothing when there is no such file
 * @throws Error naming file and line, when one holds something else
 */
export function readJsonLines(file: string): JsonLine[] {
  if (!existsSync(file)) return [];
  const texts = readTextSync(file).split('\n');
  return texts.flatMap((text, i) => {
    if (text.trim() === '') return [];
    const value = parseObject(text);
    if (value !== undefined) return [{ line: i + 1, value }];
    if (i === texts.length - 1 && isTorn(text)) return [];
    throw new Error(`${file}:${i + 1}: not a JSON object: ${text.trim().slice(0, 60)}`);
  });
}

/** A line that was being written starts as an object does. */
const isTorn = (text: string) => text.trimStart().startsWith('{');

/** As {@link readJsonLines}, the objects alone. */
export function readJsonl<Row extends object>(file: string): Row[] {
  return readJsonLines(file).map(({ value }) => value as Row);
}

/** Figures of every step of a run so far. */
export function readMetrics(run: string): (StepMetrics & { readonly step: number })[] {
  return readJsonl(join(run, METRICS_FILE));
}

/** Drops what was logged after a step: a run resumed from a checkpoint logs those steps again. */
export function dropLinesAfter(file: string, step: number): void {
  if (!existsSync(file)) return;
  const kept = readJsonl<{ step: number }>(file).filter((row) => row.step <= step);
  replaceTextSync(file, kept.map(line).join(''));
}

/**
 * Writes metrics.jsonl, rollouts.jsonl and evaluations.jsonl into the run folder, as things happen. A run that is resumed begins with
 * what there was up to its checkpoint.
 */
export function jsonlTracker(run: string): Tracker {
  return (event) => {
    if (event.type === 'start') {
      mkdirSync(run, { recursive: true });
      for (const name of [METRICS_FILE, ROLLOUTS_FILE, EVALUATIONS_FILE]) dropLinesAfter(join(run, name), event.step);
      dropHeldOutAfter(run, event.step);
    }
    if (event.type === 'step') {
      const rollouts = event.rollouts.map((rollout) => line(record(event.step, rollout))).join('');
      appendFileSync(join(run, ROLLOUTS_FILE), rollouts);
      appendFileSync(join(run, METRICS_FILE), line({ step: event.step, ...event.metrics }));
    }
    if (event.type === 'evaluation') {
      const { step, figures, isBest } = event;
      appendFileSync(join(run, EVALUATIONS_FILE), line({ step, ...figures, is_best: isBest }));
    }
  };
}
