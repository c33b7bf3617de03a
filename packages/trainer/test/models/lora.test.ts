import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Parameters } from '../../src/models/gradients.js';
import { initLora, LORA_TARGETS, loraModules, loraPairs, loraScaling, loraShape } from '../../src/models/lora.js';
import { goldenParameters } from '../helpers/golden-model.js';

let parameters: Parameters;
beforeAll(async () => {
  ({ parameters } = await goldenParameters('tied_fp32'));
});

describe('initLora', () => {
  it('starts as PEFT: A uniform within 1/√in, B zero, on the language model alone', () => {
    const shape = loraShape({ rank: 4 });
    const adapter = initLora(parameters, shape, 'seed');
    expect(adapter.size).toBe(2 * 2 * LORA_TARGETS.length); // two layers, two tensors
    for (const [name, tensor] of adapter) {
      expect(name).toMatch(/^model\.language_model\.layers\.\d+\..*\.lora_[AB]\.weight$/);
      const values = [...tensor.dataSync()];
      if (name.includes('lora_B')) {
        expect(values.every((value) => value === 0)).toBe(true);
        continue;
      }
      const bound = 1 / Math.sqrt(tensor.shape[1]!);
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
      expect(Math.max(...values)).toBeGreaterThan(0.9 * bound); // of some 250 values, the largest is near the bound
      expect(Math.min(...values)).toBeLessThan(-0.9 * bound);
    }
  });

  it('follows its seed', () => {
    const first = (seed: string): number[] => [
      ...[...initLora(parameters, loraShape({ rank: 2 }), seed).values()][0]!.dataSync(),
    ];
    expect(first('a')).toEqual(first('a'));
    expect(first('a')).not.toEqual(first('b'));
  });
});

describe('loraShape', () => {
  it('fills in defaults', () => {
    expect(loraShape({})).toEqual({ rank: 16, alpha: 32, scaling: 'rank', targets: LORA_TARGETS });
    expect(loraScaling(loraShape({ rank: 4, alpha: 6 }))).toBe(1.5);
    expect(loraScaling(loraShape({ rank: 4, alpha: 6, scaling: 'sqrt-rank' }))).toBe(3);
  });

  it('says what is wrong', () => {
    expect(() => loraShape({ rank: 0 })).toThrow('rank must be a positive integer, got 0');
    expect(() => loraShape({ targets: ['q_proj', 'qkv'] })).toThrow(/targets must be some of q_proj, .* got qkv/);
    expect(() => loraShape({ targets: [] })).toThrow('got none');
  });
});

describe('loraPairs', () => {
  it('pairs tensors by module', () => {
    const shape = loraShape({ rank: 2, targets: ['q_proj'] });
    const adapter = initLora(parameters, shape, 'seed');
    const pairs = loraPairs(adapter, shape);
    expect([...pairs.keys()]).toEqual(loraModules(parameters, shape));
    const module = 'model.language_model.layers.1.self_attn.q_proj';
    expect(pairs.get(module)!.b).toBe(adapter.get(`${module}.lora_B.weight`));
    adapter.delete(`${module}.lora_B.weight`);
    expect(() => loraPairs(adapter, shape)).toThrow('has lora_A but no lora_B');
  });
});
