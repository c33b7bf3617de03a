import { parseOverride, type Override } from '../config/override.js';

/** Options that change settings, shared by the commands that read them. */
export interface SettingOptions {
  readonly set?: readonly string[];
  readonly seed?: string;
  readonly steps?: string;
  readonly output?: string;
  /** Trackers with a comma between them, or `none`. */
  readonly track?: string;
}

/** Collects a flag that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** The trackers of a flag: `tensorboard,mlflow=http://127.0.0.1:5000`, or `none`. */
export const namesOf = (track: string) => (track === 'none' ? [] : track.split(',').map((name) => name.trim()));

/** The flags as overrides. `--seed 1` and the like stand for `--set seed=1`. */
export function overridesOf(options: SettingOptions): Override[] {
  const named = (['seed', 'steps', 'output'] as const).flatMap((key): Override[] => {
    const value = options[key];
    if (value === undefined) return [];
    const number = /^-?\d+$/.test(value) ? Number(value) : value;
    return [{ flag: `--${key} ${value}`, path: [key], value: key === 'output' ? value : number }];
  });
  const { track } = options;
  const tracked = track === undefined ? [] : [{ flag: `--track ${track}`, path: ['trackers'], value: namesOf(track) }];
  return [...(options.set ?? []).map(parseOverride), ...named, ...tracked];
}

/** A whole number of at least `least` from a flag. */
export function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${flag}: expected a whole number of at least ${least}, got '${text}'`);
  }
  return value;
}
