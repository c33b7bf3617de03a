import { expect, test } from '@jest/globals';
import { isMachineFigure, memoryMetrics } from '../../src/tracking/memory.js';

test('memory in bytes: of the process always, of tensors where the policy knows', () => {
  const held = Buffer.alloc(200e6, 1); // filled, so that the pages are there
  const rss = memoryMetrics({})['memory/rss_bytes']!;
  expect(rss).toBeGreaterThan(held.length);
  expect(rss).toBeLessThan(64e9);
  expect(memoryMetrics({})).not.toHaveProperty(['memory/tensors']);
  expect(memoryMetrics({ memory: () => ({ tensors: 3, bytes: 48 }) })).toMatchObject({
    'memory/tensors': 3,
    'memory/tensor_bytes': 48,
  });
});

test('figures of the machine are told from those of the run', () => {
  const names = ['time/sample', 'step_time', 'tokens_per_second', 'memory/rss_bytes', 'reward', 'tokens', 'kl'];
  expect(names.filter(isMachineFigure)).toEqual(names.slice(0, 4));
});
