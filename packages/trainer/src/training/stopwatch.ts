/** Times the parts of a step. */
export interface Stopwatch {
  /** Ends a part: the time since the last one, added to what the part took before. */
  lap(name: string): void;
  /** Seconds by part. */
  laps(): Record<string, number>;
  /** Seconds since the start, up to the last lap. */
  total(): number;
}

/** Starts a stopwatch on a clock in seconds. */
export function stopwatch(clock: () => number): Stopwatch {
  const started = clock();
  let last = started;
  const times: Record<string, number> = {};
  return {
    lap(name) {
      const now = clock();
      times[name] = (times[name] ?? 0) + now - last;
      last = now;
    },
    laps: () => times,
    total: () => last - started,
  };
}
