import { join } from 'node:path';
import * as huggingFace from '@huggingface/tokenizers';
import { readJson, readJsonIfPresent } from '../files.js';

/** Text to token ids and back. */
export interface Tokenizer {
  /** The ids of a text. Special tokens written out in it (`<|im_end|>`) become their ids; none are added. */
  readonly encode: (text: string) => number[];
  /**
   * The text of ids. Bytes that are no UTF-8 become U+FFFD.
   *
   * @param specialTokens - 'skip' leaves tokens such as `<|im_end|>` out
   */
  readonly decode: (ids: readonly number[], specialTokens: 'keep' | 'skip') => string;
  /** The id of a token, undefined when there is none. */
  readonly tokenId: (token: string) => number | undefined;
  /** The token of an id, undefined when there is none: the vocabulary may be padded beyond the tokens. */
  readonly token: (id: number) => string | undefined;
}

/** What is used of the package. Its own declarations import without extensions, which Node's resolution refuses. */
interface Engine {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

const { Tokenizer: EngineClass } = huggingFace as unknown as {
  Tokenizer: new (tokenizerJson: unknown, tokenizerConfig: unknown) => Engine;
};

function construct(file: string, json: unknown, settings: unknown): Engine {
  try {
    return new EngineClass(json, settings);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new Error(`${file}: not a tokenizer (${problem})`, { cause: error });
  }
}

/**
 * Reads `tokenizer.json` and, where there is one, `tokenizer_config.json` of a checkpoint folder.
 *
 * @throws Error naming the file, when it is missing or no tokenizer.
 */
export async function readTokenizer(folder: string): Promise<Tokenizer> {
  const file = join(folder, 'tokenizer.json');
  const json = await readJson(file);
  const engine = construct(file, json, (await readJsonIfPresent(join(folder, 'tokenizer_config.json'))) ?? {});
  return {
    encode: (text) => engine.encode(text, { add_special_tokens: false }).ids,
    decode: (ids, specialTokens) => {
      if (ids.length === 0) return ''; // the package takes an empty list for a mistake
      return engine.decode([...ids], {
        skip_special_tokens: specialTokens === 'skip',
        clean_up_tokenization_spaces: false, // it would change the text: " ." to "."
      });
    },
    tokenId: (token) => engine.token_to_id(token),
    token: (id) => engine.id_to_token(id),
  };
}
