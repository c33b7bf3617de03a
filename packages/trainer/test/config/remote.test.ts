import { describe, expect, it } from '@jest/globals';
import type { Recipe } from '../../src/config/schema.js';
import { lossOptions } from '../../src/training/loss-options.js';
import { fakeSettings } from '../fake-run.js';

const withLoss = (loss: string, grpo: Recipe['grpo'] = { preset: 'trl' }) =>
  fakeSettings({ model: { checkpoint: 'x', tinker: { url: 'http://127.0.0.1:8000', loss: loss as 'ppo' } }, grpo });

describe("a loss of the server's", () => {
  it('gets the bounds of the recipe, and core the same loss', () => {
    const { grpo, sampler, model } = withLoss('cispo', { preset: 'trl', clipLow: 0.5, clipHigh: 0.25 });
    const { native, loss } = lossOptions(grpo, sampler.kind, model.tinker!.loss);
    expect(native).toEqual({ name: 'cispo', config: { clip_low_threshold: 0.5, clip_high_threshold: 1.25 } });
    expect(loss.policy).toEqual({ type: 'cispo', clipLow: 0.5, clipHigh: 0.25 });
    expect(lossOptions(grpo).native).toBeUndefined();
    const gspo = lossOptions(grpo, 'policy', 'gspo');
    expect(gspo.loss).toMatchObject({ policy: { type: 'clipped', clipLow: 0.5 }, ratioLevel: 'sequence' });
    const unbounded = lossOptions(grpo, 'policy', 'importance_sampling');
    expect(unbounded).toMatchObject({ native: { config: {} }, loss: { policy: { type: 'importance-weighted' } } });
  });

  it.each<[string, string, Recipe['grpo']]>([
    ['ppo', 'has no grpo.beta 0.001;', { preset: 'q-insight' }],
    ['ppo', 'has no second clip, as grpo.preset verl', { preset: 'verl', beta: 0 }],
    ['gspo', 'has no grpo.beta 0.1, no grpo.correction.kind mask;', { preset: 'trl', beta: 0.1, correction: { kind: 'mask' } }], // prettier-ignore
    ['importance_sampling', 'has no grpo.clipHigh 0.3;', { preset: 'trl', clipHigh: 0.3 }],
    ['dro', 'expected one of', {}],
  ])('%s is refused for what it does not hold: %s', (loss, reason, grpo) => {
    expect(() => withLoss(loss, grpo)).toThrow(reason);
  });

  it('may be any that holds the recipe', () => {
    for (const loss of ['surrogate', 'importance_sampling', 'ppo', 'gspo', 'cispo']) withLoss(loss);
    withLoss('ppo', { preset: 'q-insight', beta: 0, innerEpochs: 3, zeroVariance: 'mask-policy' });
    withLoss('surrogate', { preset: 'verl' });
  });
});
