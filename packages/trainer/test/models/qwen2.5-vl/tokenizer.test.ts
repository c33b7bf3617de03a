import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { readTokenizer } from '../../../src/models/qwen2.5-vl/tokenizer.js';
import { goldenJson, goldenPath, VLM_VARIANTS, type GoldenVlm } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';

const folder = temporaryFolder();

describe.each(VLM_VARIANTS)('%s', (variant) => {
  const golden = goldenJson<GoldenVlm>('vlm', variant, 'expected.json');
  const tokenizer = readTokenizer(goldenPath('vlm', variant));

  test.each(golden.tokenizer)('as transformers: %j', async ({ text, ids, decoded, decodedSkipSpecial }) => {
    const { encode, decode } = await tokenizer;
    expect(encode(text)).toEqual(ids);
    expect(decode(ids, 'keep')).toBe(decoded);
    expect(decode(ids, 'skip')).toBe(decodedSkipSpecial);
  });

  test.each(golden.cases)('decodes arbitrary ids as transformers: $name', async ({ greedyIds, greedyText }) => {
    // Greedy output of random weights: broken UTF-8, special tokens in odd places, padding after the end.
    const { decode } = await tokenizer;
    expect(greedyIds.map((ids) => decode(ids, 'keep'))).toEqual(greedyText);
  });

  test('special tokens have the ids of config.json', async () => {
    const config = await readConfig(goldenPath('vlm', variant));
    const { token, tokenId } = await tokenizer;
    expect(tokenId('<|image_pad|>')).toBe(config.imageTokenId);
    expect(tokenId('<|vision_start|>')).toBe(config.visionStartTokenId);
    expect(token(config.imageTokenId)).toBe('<|image_pad|>');
    expect(token(config.text.vocabSize - 1)).toBeUndefined(); // the embedding matrix has rows beyond the tokens
    expect(tokenId('no such token')).toBeUndefined();
  });

  test('an id of the padding rows, which a model may draw, decodes to nothing', async () => {
    const { vocabSize } = (await readConfig(goldenPath('vlm', variant))).text;
    const { decode, encode } = await tokenizer;
    expect(decode([...encode('a'), vocabSize - 1, ...encode('b')], 'keep')).toBe('ab'); // as transformers 5.24
  });

  test('law: any text comes back, up to Unicode normalisation', async () => {
    const { encode, decode } = await tokenizer;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(decode(encode(text), 'keep')).toBe(text.normalize('NFC'));
      }),
    );
  });
});

test('names a file that is missing, and one that is no tokenizer', async () => {
  const file = join(folder, 'tokenizer.json');
  await expect(readTokenizer(folder)).rejects.toThrow(`${file}: no such file`);
  writeFileSync(file, '{"model": {"type": "none"}}');
  await expect(readTokenizer(folder)).rejects.toThrow(`${file}: not a tokenizer`);
});

test('tokenizer_config.json may be absent', async () => {
  copyFileSync(goldenPath('vlm', 'tied_fp32', 'tokenizer.json'), join(folder, 'tokenizer.json'));
  expect((await readTokenizer(folder)).encode('a')).toEqual([64]); // as in expected.json
});
