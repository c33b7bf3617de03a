import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Message, RgbImage } from '../../../src/data/prompt.js';
import { readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { readProcessor } from '../../../src/models/qwen2.5-vl/processor.js';
import { padLeft } from '../../helpers/pad-left.js';
import { goldenJson, goldenPath, VLM_VARIANTS, type GoldenVlm, type GoldenVlmCase } from '../../helpers/golden.js';
import { goldenPrompt } from '../../helpers/prompts.js';
import { temporaryFolder } from '../../helpers/temporary.js';

describe.each(VLM_VARIANTS)('%s', (variant) => {
  const { cases } = goldenJson<GoldenVlm>('vlm', variant, 'expected.json');
  const folder = goldenPath('vlm', variant);

  const processed = async (golden: GoldenVlmCase) => {
    const processor = await readProcessor(folder);
    const prompts = await Promise.all(golden.messages.map((_, row) => goldenPrompt(golden, row)));
    return prompts.map(processor.process);
  };

  test.each(cases)('as transformers: $name', async (golden) => {
    const prompts = await processed(golden);
    const config = await readConfig(folder);
    const batch = padLeft(prompts, config.padTokenId!);
    expect([...batch.inputIds]).toEqual(golden.inputIds.flat());
    expect([...batch.attentionMask]).toEqual(golden.attentionMask.flat());
    expect(batch.length).toBe(golden.inputIds[0]!.length);
    expect(prompts.flatMap(({ images }) => images.map(({ grid }) => grid))).toEqual(golden.gridThw ?? []);
    const isImage = [...batch.inputIds].map((id) => (id === config.imageTokenId ? 1 : 0));
    expect(isImage).toEqual(golden.mmTokenTypeIds.flat());
    if (golden.positionIds !== undefined) expect([...batch.positionIds]).toEqual(golden.positionIds.flat(2));
    if (golden.ropeDeltas !== undefined) expect(batch.ropeDeltas).toEqual(golden.ropeDeltas);
  });

  test('the golden cases cover text, one image, two images and a padded batch', () => {
    expect(cases.map(({ images }) => images.map((row) => row.length).join())).toEqual(
      expect.arrayContaining(['0', '1', '2', '1,0,2']),
    );
  });
});

const folder = goldenPath('vlm', 'tied_fp32');
const square: RgbImage = { name: 'square.png', width: 112, height: 112, data: new Uint8Array(112 * 112 * 3) };
const ask = (...content: Message['content'] extends string | infer Parts ? Parts & object : never) => ({
  id: 'q1',
  messages: [{ role: 'user' as const, content }],
});

describe('refused, naming the prompt', () => {
  test('a prompt that a limit would cut through an image', async () => {
    const prompt = ask({ type: 'image', image: square }, { type: 'text', text: 'score' });
    const { inputIds } = (await readProcessor(folder)).process(prompt);
    const fits = await readProcessor(folder, { maxPromptTokens: inputIds.length });
    expect(fits.process(prompt).inputIds).toEqual(inputIds);
    const short = await readProcessor(folder, { maxPromptTokens: inputIds.length - 1 });
    expect(() => short.process(prompt)).toThrow(
      `prompt "q1": ${inputIds.length} tokens exceed maxPromptTokens ${inputIds.length - 1}, of which images: square.png 16; ` +
        'cutting would go through an image or its question. Raise maxPromptTokens or lower maxPixels.',
    );
  });

  test('a text prompt beyond the limit', async () => {
    const short = await readProcessor(folder, { maxPromptTokens: 5 });
    expect(() => short.process(ask({ type: 'text', text: 'score' }))).toThrow(
      /prompt "q1": \d+ tokens exceed maxPromptTokens 5\. Raise maxPromptTokens\./,
    );
  });

  test('a text that holds a placeholder of its own', async () => {
    const processor = await readProcessor(folder);
    const prompt = ask({ type: 'image', image: square }, { type: 'text', text: 'what is <|image_pad|>?' });
    expect(() => processor.process(prompt)).toThrow(
      'prompt "q1": 2 image placeholders in the text for 1 images; its texts must not contain <|image_pad|>',
    );
  });

  test('a picture of impossible shape', async () => {
    const processor = await readProcessor(folder);
    const line = { name: 'line.png', width: 300, height: 1, data: new Uint8Array(900) };
    expect(() => processor.process(ask({ type: 'image', image: line }))).toThrow('line.png: aspect ratio');
  });
});

test('the tokens follow from the sizes of pictures alone', async () => {
  const processor = await readProcessor(folder);
  const prompt = (image: RgbImage) => ask({ type: 'image', image }, { type: 'text', text: 'score' });
  const { inputIds, grids } = processor.tokenize(prompt({ ...square, data: new Uint8Array(0) }));
  const processed = processor.process(prompt(square));
  expect(inputIds).toEqual(processed.inputIds);
  expect(grids).toEqual(processed.images.map(({ grid }) => grid));
});

test('maxPixels lowers the number of image tokens', async () => {
  const processor = await readProcessor(folder, { maxPixels: 56 * 56 });
  expect(processor.process(ask({ type: 'image', image: square })).images[0]!.grid).toEqual([1, 4, 4]);
});

describe('files that contradict each other', () => {
  const root = temporaryFolder();
  const changed = (name: string, from: string, to: string) => {
    const copy = join(root, name);
    cpSync(folder, copy, { recursive: true });
    const file = join(copy, name);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(from);
    writeFileSync(file, text.replace(from, to));
    return copy;
  };

  test('an image token that the tokenizer does not have', async () => {
    const copy = changed('config.json', '"image_token_id": 312', '"image_token_id": 320');
    await expect(readProcessor(copy)).rejects.toThrow(`${copy}: config.json's image_token_id 320 is no token`);
  });

  test('patches of another size than the vision tower takes', async () => {
    const copy = changed('processor_config.json', '"patch_size": 14', '"patch_size": 16');
    await expect(readProcessor(copy)).rejects.toThrow(`${copy}: the image processor's patch, temporal patch and merge`);
  });
});

test('padLeft of nothing is empty', () => {
  expect(padLeft([], 0)).toMatchObject({ length: 0, ropeDeltas: [] });
});
