import { bytes, integer, message } from '../protobuf.js';

/** Who a run is. */
export interface WandbRun {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  /** When it began, in seconds since 1970. */
  readonly start: number;
  /** Settings, by section. */
  readonly config: Readonly<Record<string, unknown>>;
}

// Field numbers: wandb_internal.proto of wandb 0.31.0.

/** JSON as W&B's readers take it: with NaN where Python has it. */
const json = (value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? 'NaN' : JSON.stringify(value));

const items = (field: number, keyField: number, values: Readonly<Record<string, unknown>>) =>
  Object.entries(values).map(([key, value]) => message(field, bytes(keyField, key), bytes(16, json(value))));

/** The first record of a file: what wrote it, and the oldest reader that understands it. */
export const headerRecord = (): Buffer => message(21, message(1, bytes(1, 'q-insight'), bytes(2, '0.70.0')));

/** Names the run and gives its settings. */
export function runRecord({ id, project, name, start, config }: WandbRun): Buffer {
  const seconds = Math.floor(start);
  const time = message(17, integer(1, seconds), integer(2, Math.round((start - seconds) * 1e9)));
  return message(17, bytes(1, id), bytes(3, project), message(4, ...items(1, 1, config)), bytes(8, name), time);
}

/** The figures of a step. */
export const historyRecord = (step: number, figures: Readonly<Record<string, number>>): Buffer =>
  message(2, ...items(1, 2, { ...figures, _step: step }), message(2, integer(1, step)));

/** The last value of each figure. */
export const summaryRecord = (figures: Readonly<Record<string, number>>): Buffer => message(3, ...items(1, 2, figures));

/** Files of the run's folder that belong to the run. */
export const filesRecord = (paths: readonly string[]): Buffer =>
  message(6, ...paths.map((path) => message(1, bytes(1, path))));

/** The run is over. */
export const exitRecord = (exitCode: number, runtime: number): Buffer =>
  message(18, integer(1, exitCode), integer(2, Math.round(runtime)));
