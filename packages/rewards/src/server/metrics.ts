import type { RewardReport } from '../runner/table.js';

/** Numbers that only ever add up: over time, and over processes. The key is a name with its labels, as Prometheus writes it. */
export type Cells = Readonly<Record<string, number>>;

/** Counts what a server does. */
export interface Metrics {
  readonly began: () => void;
  readonly ended: (path: string, status: number, seconds: number) => void;
  readonly rejected: (code: string) => void;
  readonly scored: (report: RewardReport) => void;
  readonly cells: () => Cells;
}

const PREFIX = 'q_insight';

/** Upper bounds of the buckets of a request's time, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** No requests yet; every reward at zero, so that a graph has a beginning. */
export function openMetrics(names: readonly string[]): Metrics {
  const cells = new Map<string, number>([
    [`${PREFIX}_processes`, 1],
    [`${PREFIX}_requests_in_flight`, 0],
  ]);
  function add(name: string, labels: Readonly<Record<string, string | number>>, amount: number): void {
    const written = Object.entries(labels).map(([label, value]) => `${label}="${escaped(String(value))}"`);
    const key = `${PREFIX}_${name}${written.length === 0 ? '' : `{${written.join(',')}}`}`;
    cells.set(key, (cells.get(key) ?? 0) + amount);
  }
  function countReward(reward: string, counts: RewardCounts): void {
    for (const [name, amount] of Object.entries(counts)) add(`reward_${name}`, { reward }, amount);
  }
  for (const name of names) countReward(name, ZERO);

  return {
    began: () => add('requests_in_flight', {}, 1),
    ended(path, status, seconds) {
      add('requests_in_flight', {}, -1);
      add('requests_total', { path, status }, 1);
      for (const bound of BUCKETS) add('request_seconds_bucket', { path, le: bound }, seconds <= bound ? 1 : 0);
      add('request_seconds_bucket', { path, le: '+Inf' }, 1);
      add('request_seconds_sum', { path }, seconds);
      add('request_seconds_count', { path }, 1);
    },
    rejected: (code) => add('requests_rejected_total', { code }, 1),
    scored(report) {
      add('samples_total', {}, report.ids.length);
      for (const name of report.names) {
        const { mean, std, nulls, errors, timeouts, retries, cached, calls, latency } = report.metrics[name]!;
        const given = report.ids.length - nulls;
        countReward(name, {
          value_count: given,
          value_sum: given === 0 ? 0 : given * mean,
          value_squares_total: given === 0 ? 0 : given * (mean * mean + std * std),
          nulls_total: nulls,
          errors_total: errors,
          timeouts_total: timeouts,
          retries_total: retries,
          cached_total: cached,
          call_seconds_sum: (calls * latency) / 1000,
          call_seconds_count: calls,
        });
      }
    },
    cells: () => ({ ...Object.fromEntries(cells), process_resident_memory_bytes: process.memoryUsage.rss() }),
  };
}

const ZERO = {
  value_count: 0,
  value_sum: 0,
  value_squares_total: 0,
  nulls_total: 0,
  errors_total: 0,
  timeouts_total: 0,
  retries_total: 0,
  cached_total: 0,
  call_seconds_sum: 0,
  call_seconds_count: 0,
};
type RewardCounts = typeof ZERO;

/** The cells of several processes as one. */
export function mergedCells(processes: readonly Cells[]): Cells {
  const sums = new Map<string, number>();
  for (const [key, value] of processes.flatMap((cells) => Object.entries(cells)))
    sums.set(key, (sums.get(key) ?? 0) + value);
  return Object.fromEntries(sums);
}

function escaped(label: string): string {
  return label.replace(/[\\"\n]/g, (letter) => (letter === '\n' ? '\\n' : `\\${letter}`));
}
