import type { Message, RgbImage } from '../../src/data/prompt.js';
import { decodeImage } from '../../src/images/decode.js';
import { goldenPath, type GoldenVlmCase } from './golden.js';

/** The pictures and messages of one row of a golden case, in the form a dataset gives them. */
export async function goldenPrompt(
  golden: GoldenVlmCase,
  row: number,
): Promise<{ id: string; messages: Message[]; images: RgbImage[] }> {
  const images = await Promise.all(golden.images[row]!.map((path) => decodeImage(goldenPath('vlm', path), path)));
  const waiting = [...images]; // image parts name no file: they take the row's pictures in order
  const messages = golden.messages[row]!.map(({ role, content }): Message => {
    if (typeof content === 'string') return { role, content };
    return {
      role,
      content: content.map((part) =>
        part.type === 'image' ? { type: 'image', image: waiting.shift()! } : { type: 'text', text: part.text! },
      ),
    };
  });
  return { id: `${golden.name}/${row}`, messages, images };
}
