import { describe, expect, test } from '@jest/globals';
import type { Recipe } from '../../src/config/schema.js';
import { lossOptions } from '../../src/training/loss-options.js';
import { fakeSettings } from '../fake-run.js';

const LORA = { checkpoint: 'nowhere', train: 'lora' } as const;
const FULL = { checkpoint: 'nowhere', train: 'full' } as const;

const stepsOf = (changes: Partial<Recipe>) => {
  const { grpo, sampler } = fakeSettings(changes);
  return lossOptions(grpo, sampler.kind).loss.corrections;
};

describe('the sampler in the settings', () => {
  test('is the model itself unless another is named, without a correction', () => {
    expect(fakeSettings().sampler.kind).toBe('policy');
    expect(stepsOf({})).toEqual([]);
  });

  test('truncates importance weights at 2 by default where another engine samples', () => {
    const step = { kind: 'truncate', level: 'token', min: 0, max: 2 };
    expect(stepsOf({ model: LORA, sampler: { kind: 'vllm' } })).toEqual([step]);
    const none = { correction: { kind: 'none' } } as const;
    expect(stepsOf({ model: LORA, sampler: { kind: 'vllm' }, grpo: none })).toEqual([]);
    const masked = { correction: { kind: 'mask', level: 'sequence-mean', min: 0.5, max: 5 } } as const;
    expect(stepsOf({ grpo: masked })).toEqual([masked.correction]);
  });

  test.each<[string, Partial<Recipe>, string]>([
    ['sampling ahead by the model itself', { grpo: { staleness: 1 } }, 'must be 0 unless sampler.kind is vllm'],
    [
      'several versions of full weights',
      { model: FULL, sampler: { kind: 'vllm', folder: 'model' }, grpo: { staleness: 1 } },
      'must be 0 with model.train full',
    ],
    [
      'full weights without a folder',
      { model: FULL, sampler: { kind: 'vllm' } },
      'must be given with model.train full',
    ],
    ['bounds out of order', { grpo: { correction: { min: 3, max: 2 } } }, 'must be at most max, 2'],
    ['an address that is none', { sampler: { urls: ['127.0.0.1:8000'] } }, 'urls'],
    ['no address at all', { sampler: { urls: [] } }, 'urls'],
  ])('%s is refused', (_, changes, message) => {
    expect(() => fakeSettings(changes)).toThrow(message);
  });
});
