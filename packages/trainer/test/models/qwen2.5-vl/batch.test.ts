import { describe, expect, it } from '@jest/globals';
import { packSequences, type EncodedPrompt } from '../../../src/models/qwen2.5-vl/batch.js';
import type { Qwen25VlConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { positionIds } from '../../../src/models/qwen2.5-vl/position-ids.js';

const IMAGE = 99;
const config = {
  imageTokenId: IMAGE,
  text: { numAttentionHeads: 4, numKeyValueHeads: 2, headDim: 8 },
} as unknown as Qwen25VlConfig;
const prompt = (ids: number[], grids: [number, number, number][] = []): EncodedPrompt => ({
  inputIds: Int32Array.from(ids),
  ...positionIds(ids, grids, IMAGE, 2),
});

describe('packSequences', () => {
  const long = prompt([1, IMAGE, IMAGE, 2], [[1, 2, 4]]);
  const short = prompt([3, 4]);
  const batch = packSequences(
    [
      { prompt: long, completion: [10, 11, 12] },
      { prompt: short, completion: [20] },
      { prompt: long, completion: [30, 31] },
    ],
    config,
  );

  it('lays each prompt out once, then completions without their last token, group by group', () => {
    expect(batch.layout).toMatchObject({ prompts: 2, promptLength: 4, groupSize: 2, completionLength: 2 });
    expect([...batch.ids]).toEqual([1, IMAGE, IMAGE, 2, 3, 4, 0, 0, 10, 11, 30, 0, 0, 0, 0, 0]);
    expect([...batch.imageRows]).toEqual([1, 2]);
    expect(batch.promptLengths).toEqual([4, 2]);
  });

  it('predicts a first token from its prompt, every other from the token before', () => {
    expect([...batch.targets]).toEqual([10, 11, 12, 20, 30, 31]);
    expect([...batch.predictingRows]).toEqual([3, 8, 9, 5, 3, 10]);
  });

  it('counts on from the prompt, whose image takes fewer positions than tokens', () => {
    // The image's two columns stand at 1 and 2, the text after it at 3: completions start at 4.
    expect([...batch.positions[0].subarray(0, 4)]).toEqual([0, 1, 1, 3]);
    expect([...batch.positions[2].subarray(0, 4)]).toEqual([0, 1, 2, 3]);
    expect([...batch.positions[1].subarray(8, 11)]).toEqual([4, 5, 4]);
  });

  it('needs a sequence', () => {
    expect(() => packSequences([], config)).toThrow('expected at least one sequence');
  });
});
