import type { Cells } from './metrics.js';

/** Families in the order they are printed: name, type, what it is. */
const FAMILIES: readonly (readonly [
  name: string,
  type: 'counter' | 'gauge' | 'histogram' | 'summary',
  help: string,
])[] = [
  ['q_insight_reward_mean', 'gauge', 'Mean of the values since the start'],
  ['q_insight_reward_std', 'gauge', 'Standard deviation of the values since the start, divisor n'],
  ['q_insight_reward_value', 'summary', 'Values that were given: their sum and count'],
  ['q_insight_reward_value_squares_total', 'counter', 'Sum of the squares of the values'],
  ['q_insight_reward_nulls_total', 'counter', 'Samples the reward did not apply to, or that lost it to an error'],
  ['q_insight_reward_errors_total', 'counter', 'Calls that threw or gave something that is no reward'],
  ['q_insight_reward_timeouts_total', 'counter', 'Calls that took too long'],
  ['q_insight_reward_retries_total', 'counter', 'Calls that were tried again'],
  ['q_insight_reward_cached_total', 'counter', 'Values taken from the cache'],
  ['q_insight_reward_call_seconds', 'summary', 'Time of the calls: its sum and their count'],
  ['q_insight_samples_total', 'counter', 'Samples that were scored'],
  ['q_insight_requests_total', 'counter', 'Requests that were let in, by path and status'],
  ['q_insight_requests_in_flight', 'gauge', 'Requests under way'],
  ['q_insight_requests_rejected_total', 'counter', 'Requests that were refused, by the code of the reply'],
  ['q_insight_request_seconds', 'histogram', 'Time from the head of a request to the end of its reply'],
  ['q_insight_processes', 'gauge', 'Processes that the numbers are summed over'],
  ['process_resident_memory_bytes', 'gauge', 'Memory of all processes together'],
];

/** The cells in Prometheus's text format 0.0.4, with what follows from them. */
export function prometheusText(cells: Cells): string {
  const all = Object.entries({ ...moments(cells), ...cells });
  return FAMILIES.flatMap(([name, type, help]) => {
    const lines = all.filter(([key]) => familyOf(key) === name).map(([key, value]) => `${key} ${value}\n`);
    return lines.length === 0 ? [] : [`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`, ...lines];
  }).join('');
}

function familyOf(key: string): string {
  const name = key.replace(/\{.*$/s, '');
  return FAMILIES.some(([family]) => family === name) ? name : name.replace(/_(?:sum|count|bucket)$/, '');
}

/** Mean and standard deviation of each reward; NaN when it has given none. */
function moments(cells: Cells): Cells {
  const counted = /^q_insight_reward_value_count(\{.*\})$/s;
  const found = Object.entries(cells).flatMap(([key, count]): [string, number][] => {
    const labels = counted.exec(key)?.[1];
    if (labels === undefined) return [];
    const mean = cells[`q_insight_reward_value_sum${labels}`]! / count;
    const meanSquare = cells[`q_insight_reward_value_squares_total${labels}`]! / count;
    const std = Math.sqrt(Math.max(0, meanSquare - mean * mean));
    return [
      [`q_insight_reward_mean${labels}`, mean],
      [`q_insight_reward_std${labels}`, std],
    ];
  });
  return Object.fromEntries(found);
}
