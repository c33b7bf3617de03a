import { join } from 'node:path';
import { z } from 'zod';
import { checkFields } from '../check-fields.js';
import { readJsonIfPresent } from '../files.js';
import { readConfig, type Qwen25VlConfig } from './config.js';
import { readTokenizer, type Tokenizer } from './tokenizer.js';

/** What ends a completion, and what fills a batch. How tokens are drawn is the trainer's setting, not the file's. */
export interface GenerationConfig {
  /** A completion ends with the first of these. */
  readonly eosTokenIds: readonly number[];
  readonly padTokenId: number;
}

const schema = z.object({
  eos_token_id: z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]).nullish(),
  pad_token_id: z.int().nonnegative().nullish(),
});

const asList = (ids: number | readonly number[] | null | undefined): readonly number[] =>
  typeof ids === 'number' ? [ids] : (ids ?? []);

/** The id of a token that `tokenizer_config.json` names as text, or as an object with the text in `content`. */
async function namedToken(folder: string, tokenizer: Tokenizer, field: string): Promise<number | undefined> {
  const settings = await readJsonIfPresent(join(folder, 'tokenizer_config.json'));
  const named = z
    .looseObject({ [field]: z.union([z.string(), z.looseObject({ content: z.string() })]) })
    .safeParse(settings);
  if (!named.success) return undefined;
  const token = named.data[field] as string | { content: string };
  return tokenizer.tokenId(typeof token === 'string' ? token : token.content);
}

/**
 * Reads the end and padding tokens of a checkpoint: from `generation_config.json`; what it leaves out from
 * `config.json`, then from `tokenizer_config.json`.
 *
 * @throws Error naming the file, when it is malformed or no file names an end token.
 */
export async function readGenerationConfig(
  folder: string,
  config?: Qwen25VlConfig,
  tokenizer?: Tokenizer,
): Promise<GenerationConfig> {
  const file = join(folder, 'generation_config.json');
  const data = checkFields(schema, (await readJsonIfPresent(file)) ?? {}, file);
  const model = config ?? (await readConfig(folder));
  const words = tokenizer ?? (await readTokenizer(folder));
  const candidates = [data.eos_token_id, model.eosTokenId, await namedToken(folder, words, 'eos_token')];
  const eosTokenIds = candidates.map(asList).find((ids) => ids.length > 0);
  if (eosTokenIds === undefined) throw new Error(`${file}: field "eos_token_id": missing, and no other file has it`);
  const padTokenId =
    data.pad_token_id ?? model.padTokenId ?? (await namedToken(folder, words, 'pad_token')) ?? eosTokenIds[0]!;
  return { eosTokenIds, padTokenId };
}
