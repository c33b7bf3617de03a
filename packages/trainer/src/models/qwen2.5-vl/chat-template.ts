import { join } from 'node:path';
import { Template } from '@huggingface/jinja';
import type { Message } from '../../data/prompt.js';
import { fileProblem, readJsonIfPresent, readTextIfPresent } from '../files.js';

/** Renders a conversation into the text the model was trained on, ending where the assistant's answer begins. */
export type ChatTemplate = (messages: readonly Message[]) => string;

/** The template in a JSON file: a string, or (in `tokenizer_config.json`) a list from which 'default' is taken. */
function templateIn(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null || !('chat_template' in json)) return undefined;
  const template = json.chat_template;
  if (typeof template === 'string') return template;
  if (!Array.isArray(template)) return undefined;
  const named = (template as { name?: unknown; template?: unknown }[]).find(({ name }) => name === 'default');
  return typeof named?.template === 'string' ? named.template : undefined;
}

/** The template's text and the file it stands in. Newer places first, as transformers looks. */
async function findTemplate(folder: string): Promise<{ file: string; source: string }> {
  const alone = join(folder, 'chat_template.jinja');
  const source = await readTextIfPresent(alone);
  if (source !== undefined) return { file: alone, source };
  for (const name of ['chat_template.json', 'tokenizer_config.json']) {
    const file = join(folder, name);
    const inside = templateIn(await readJsonIfPresent(file));
    if (inside !== undefined) return { file, source: inside };
  }
  throw new Error(`${folder}: no chat template in chat_template.jinja, chat_template.json or tokenizer_config.json`);
}

/**
 * Reads the chat template of a checkpoint folder, from whichever of its three places has it.
 *
 * @throws Error naming folder or file, when there is none or it is no template.
 */
export async function readChatTemplate(folder: string): Promise<ChatTemplate> {
  const { file, source } = await findTemplate(folder);
  const inFile = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw new Error(`${file}: ${fileProblem(error)}`, { cause: error });
    }
  };
  const template = inFile(() => new Template(source));
  return (messages) => {
    // The template sees that there is an image, not its pixels: those must not be walked by the renderer.
    const plain = messages.map(({ role, content }) => ({
      role,
      content:
        typeof content === 'string'
          ? content
          : content.map((part) => (part.type === 'image' ? { type: 'image' } : { type: 'text', text: part.text })),
    }));
    return inFile(() => template.render({ messages: plain, add_generation_prompt: true }));
  };
}
