import { expect, test } from '@jest/globals';
import { runRewards, type Reward } from '../../src/index.js';
import { mergedCells, openMetrics } from '../../src/server/metrics.js';
import { prometheusText } from '../../src/server/prometheus.js';
import { sampleOf } from '../samples.js';
import { get, post, serving, valueIn } from './serving.js';

/** Rewards with what the completion says. */
const said: Reward = { name: 'sa"id\\', range: [-10, 10], score: ({ completion }) => (completion === '' ? null : Number(completion)) }; // prettier-ignore

test('mean and deviation over several runs and processes are those of all values', async () => {
  const runs = [['1', '2', '', 'x'], ['-3.5'], ['4', '4', '0.25'], []];
  const processes = [openMetrics([said.name]), openMetrics([said.name])];
  for (const [i, texts] of runs.entries()) {
    const samples = texts.map((text, id) => sampleOf(text, undefined, String(id)));
    processes[i % 2]!.scored(await runRewards(samples, [said], { onError: 'null' }));
  }
  const text = prometheusText(mergedCells(processes.map((metrics) => metrics.cells())));
  const labels = '{reward="sa\\"id\\\\"}';
  // By hand: 1 + 2 - 3.5 + 4 + 4 + 0.25 = 7.75 over 6; squares 1 + 4 + 12.25 + 16 + 16 + 0.0625 = 49.3125.
  expect(valueIn(text, `q_insight_reward_value_count${labels}`)).toBe(6);
  expect(valueIn(text, `q_insight_reward_value_sum${labels}`)).toBeCloseTo(7.75, 12);
  expect(valueIn(text, `q_insight_reward_mean${labels}`)).toBeCloseTo(7.75 / 6, 12);
  expect(valueIn(text, `q_insight_reward_std${labels}`)).toBeCloseTo(Math.sqrt(49.3125 / 6 - (7.75 / 6) ** 2), 12);
  expect(valueIn(text, `q_insight_reward_nulls_total${labels}`)).toBe(2);
  expect(valueIn(text, `q_insight_reward_errors_total${labels}`)).toBe(1);
  expect(valueIn(text, `q_insight_reward_call_seconds_count${labels}`)).toBe(8);
  expect(valueIn(text, 'q_insight_samples_total')).toBe(8);
  expect(valueIn(text, 'q_insight_processes')).toBe(2);
});

test('a reward that has given nothing has no mean, and is there', () => {
  const text = prometheusText(openMetrics(['a']).cells());
  for (const name of ['mean', 'std']) expect(text).toContain(`\nq_insight_reward_${name}{reward="a"} NaN\n`);
});

test('a time counts in every bucket that it fits in, its bound included', () => {
  const metrics = openMetrics([]);
  for (const seconds of [0.03, 0.05, 100]) metrics.ended('/p', 200, seconds);
  const cells = metrics.cells();
  const counts = ['0.025', '0.05', '0.1', '60', '+Inf'].map((le) => cells[`q_insight_request_seconds_bucket{path="/p",le="${le}"}`]); // prettier-ignore
  expect(counts).toEqual([0, 2, 2, 2, 3]);
  expect(cells['q_insight_request_seconds_sum{path="/p"}']).toBeCloseTo(100.08, 12);
});

test('what is served follows the text format: each family once, with its type, a histogram that adds up', async () => {
  const { url } = await serving({ rewards: [said], labels: 'optional' });
  await post(`${url}/v1/score`, { response: '1' });
  await post(`${url}/v1/score`, {});
  const { text, headers } = await get(`${url}/metrics`);
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines = text.trimEnd().split('\n');
  const sampleLine = /^[a-z_]+(?:\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (?:NaN|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/;
  for (const line of lines) expect(line).toMatch(line.startsWith('#') ? /^# (?:HELP|TYPE) [a-z_]+ .+/ : sampleLine);
  const families = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2]);
  expect(new Set(families).size).toBe(families.length);
  const path = 'path="/v1/score"';
  expect(valueIn(text, `q_insight_request_seconds_bucket{${path},le="+Inf"}`)).toBe(2);
  expect(valueIn(text, `q_insight_request_seconds_count{${path}}`)).toBe(2);
  const buckets = lines.filter((line) => line.startsWith('q_insight_request_seconds_bucket')).map((line) => Number(line.split(' ')[1])); // prettier-ignore
  expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
  expect(valueIn(text, `q_insight_requests_total{${path},status="200"}`)).toBe(1);
  expect(valueIn(text, `q_insight_requests_total{${path},status="422"}`)).toBe(1);
  expect(valueIn(text, 'q_insight_requests_rejected_total{code="invalid"}')).toBe(1);
});
