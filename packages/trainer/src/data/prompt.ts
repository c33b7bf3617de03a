import type { Label } from '@q-insight/rewards';

/** A decoded picture: 8-bit RGB, row-major, no padding. `name` is what reports and errors call it. */
export interface RgbImage {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Length width * height * 3. */
  readonly data: Uint8Array;
}

/** A piece of a message's text. */
export interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

/** An image at its place in a message. */
export interface ImagePart {
  readonly type: 'image';
  readonly image: RgbImage;
}

/** One turn of a chat. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string | readonly (TextPart | ImagePart)[];
}

/** One question to the model, with its images inside the messages and the label its answers are judged by. */
export interface Prompt {
  /** Unique within a dataset; completions of the same prompt form a group. */
  readonly id: string;
  readonly messages: readonly Message[];
  readonly label: Label;
  /** What else is known of it, for evaluation: of a comparison, how its images were made and whether they were swapped. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A finite, indexable source of prompts. Images are decoded when asked for, so a large dataset costs no memory. */
export interface Dataset {
  readonly length: number;
  /**
   * One prompt; the same index always gives the same.
   *
   * @param index - in [0, length)
   */
  get(index: number): Promise<Prompt>;
  /** The prompt's id alone, for datasets that know it without decoding an image. */
  id?(index: number): string;
  /** Where a prompt of this id would be: `get` may still find another there, when the data have changed since. */
  indexOf?(id: string): number | undefined;
  /** The image files a prompt shows, for datasets that do not make their images up. */
  files?(index: number): string[];
}

/** The images a prompt shows, in order. */
export function imagesOf({ messages }: Pick<Prompt, 'messages'>): RgbImage[] {
  return messages.flatMap(({ content }) =>
    typeof content === 'string' ? [] : content.flatMap((part) => (part.type === 'image' ? [part.image] : [])),
  );
}
