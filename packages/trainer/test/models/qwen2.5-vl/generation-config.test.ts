import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { readConfig } from '../../../src/models/qwen2.5-vl/config.js';
import { readGenerationConfig } from '../../../src/models/qwen2.5-vl/generation-config.js';
import { goldenJson, goldenPath, VLM_VARIANTS } from '../../helpers/golden.js';
import { temporaryFolder } from '../../helpers/temporary.js';

test.each(VLM_VARIANTS)('%s', async (variant) => {
  const file = goldenJson<Record<string, unknown>>('vlm', variant, 'generation_config.json');
  expect(await readGenerationConfig(goldenPath('vlm', variant))).toEqual({
    eosTokenIds: file['eos_token_id'],
    padTokenId: file['pad_token_id'],
  });
});

describe('what generation_config.json leaves out', () => {
  const root = temporaryFolder();
  let folders = 0;
  let folder = '';
  beforeEach(() => {
    folder = join(root, String(folders++));
    cpSync(goldenPath('vlm', 'tied_fp32'), folder, { recursive: true });
  });
  const write = (name: string, value: unknown) => {
    writeFileSync(join(folder, name), JSON.stringify(value));
  };

  test('comes from config.json', async () => {
    rmSync(join(folder, 'generation_config.json'));
    expect(await readGenerationConfig(folder)).toEqual({ eosTokenIds: [300], padTokenId: 301 });
  });

  test('or from tokenizer_config.json, by the token as text or as an object', async () => {
    const config = { ...(await readConfig(folder)), eosTokenId: null, padTokenId: null };
    write('generation_config.json', {});
    write('tokenizer_config.json', { eos_token: '<|im_end|>', pad_token: { content: '<|endoftext|>' } });
    expect(await readGenerationConfig(folder, config)).toEqual({ eosTokenIds: [300], padTokenId: 301 });
    write('tokenizer_config.json', { eos_token: '<|im_end|>' });
    expect(await readGenerationConfig(folder, config)).toEqual({ eosTokenIds: [300], padTokenId: 300 });
    write('tokenizer_config.json', {});
    await expect(readGenerationConfig(folder, config)).rejects.toThrow(
      `${join(folder, 'generation_config.json')}: field "eos_token_id": missing`,
    );
  });

  test('a malformed id names file and field', async () => {
    write('generation_config.json', { eos_token_id: [300, -1] });
    await expect(readGenerationConfig(folder)).rejects.toThrow(
      `${join(folder, 'generation_config.json')}: field "eos_token_id`,
    );
  });
});
