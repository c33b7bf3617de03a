import { imagesOf, type Message, type RgbImage } from '../../data/prompt.js';
import type { ChatTemplate } from '../../models/qwen2.5-vl/chat-template.js';
import type { Tokenizer } from '../../models/qwen2.5-vl/tokenizer.js';
import type { Chunk } from './protocol/messages.js';

/** What turns messages into tokens. */
export interface Renderer {
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: ChatTemplate;
}

const IMAGE_PAD = '<|image_pad|>';

/**
 * Renders messages and cuts the text where an image stands: its place is taken by a chunk, the marks around it stay.
 *
 * @throws Error when the texts hold image placeholders of their own
 */
export async function splitAtImages(
  messages: readonly Message[],
  { tokenizer, chatTemplate }: Renderer,
  chunkOf: (image: RgbImage) => Promise<Chunk>,
): Promise<Chunk[]> {
  const images = imagesOf({ messages });
  const pad = tokenizer.tokenId(IMAGE_PAD);
  const ids = tokenizer.encode(chatTemplate(messages));
  const places = ids.flatMap((id, i) => (id === pad ? [i] : []));
  if (places.length !== images.length) {
    throw new Error(
      `${places.length} image placeholders in the text for ${images.length} images; texts must not contain ${IMAGE_PAD}`,
    );
  }
  const chunks: Chunk[] = [];
  let from = 0;
  for (const [i, place] of places.entries()) {
    chunks.push({ type: 'encoded_text', tokens: ids.slice(from, place) }, await chunkOf(images[i]!));
    from = place + 1;
  }
  chunks.push({ type: 'encoded_text', tokens: ids.slice(from) });
  return chunks.filter((chunk) => chunk.type === 'image' || chunk.tokens.length > 0);
}
