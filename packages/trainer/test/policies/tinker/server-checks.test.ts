import { describe, expect, it } from '@jest/globals';
import type { RemoteModel } from '../../../src/policies/tinker/remote-model.js';
import type { RemoteSampler } from '../../../src/policies/tinker/remote-sampler.js';
import type { RemotePrompt } from '../../../src/policies/tinker/datums.js';
import { imagesOf, type Prompt } from '../../../src/data/prompt.js';
import { checkImages, detectReduction } from '../../../src/policies/tinker/server-checks.js';

/** A model whose gradient norm follows from how many datums came since the last step. */
function modelOf(norm: (datums: number) => number | undefined): RemoteModel {
  let datums = 0;
  return {
    pass: (data: readonly unknown[]) => Promise.resolve(void (datums += data.length)),
    step: () => {
      const value = norm(datums);
      datums = 0;
      return Promise.resolve(value === undefined ? {} : { 'skyrl.ai/grad_norm': value });
    },
  } as unknown as RemoteModel;
}

describe('detectReduction', () => {
  it.each([
    ['sum', (datums: number) => 3 * datums],
    ['mean', () => 3],
    ['sum', () => undefined], // a server that does not tell
  ] as const)('finds a %s', async (expected, norm) => {
    expect(await detectReduction(modelOf(norm), [1, 2, 3])).toBe(expected);
  });

  it('refuses what is neither', async () => {
    await expect(
      detectReduction(
        modelOf((datums) => datums ** 2),
        [1, 2, 3],
      ),
    ).rejects.toThrow('twice the data has 4 times the gradient');
  });
});

describe('checkImages', () => {
  const image = { name: 'a', width: 1, height: 1, data: Uint8Array.of(1, 2, 3) };
  const prompt: Prompt = {
    id: 'p',
    messages: [{ role: 'user', content: [{ type: 'image', image }] }],
    label: { task: 'score', score: 1 },
  };
  const write = (shown: Prompt): Promise<RemotePrompt> => {
    const { data } = imagesOf(shown)[0]!;
    return Promise.resolve({ input: { chunks: [{ type: 'image', data, format: 'png' }] }, length: 1 });
  };
  const samplerOf = (looks: boolean): RemoteSampler => ({
    sample: ({ prompt: { chunks } }) => {
      const [chunk] = chunks;
      const seen = looks && chunk?.type === 'image' ? chunk.data[0]! : 0;
      return Promise.resolve({ sequences: [], prompt_logprobs: [null, -seen] });
    },
  });

  it('refuses a server that gives the same log-probs after another image', async () => {
    await expect(checkImages(prompt, write, samplerOf(false))).rejects.toThrow(
      'prompt "p" shows images, and the server does not look at them',
    );
    await checkImages(prompt, write, samplerOf(true));
  });
});
