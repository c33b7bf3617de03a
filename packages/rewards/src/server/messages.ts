/** A message of a conversation, in the form of OpenAI's chat completions, its Responses, or Hugging Face. */
export interface Message {
  readonly role?: unknown;
  readonly content?: unknown;
}

/** Where an image is: a data URL or a path, yet to be looked at. */
export interface ImagePart {
  readonly type: 'image';
  readonly source: string;
}

type Part = { readonly type: 'text'; readonly text: string } | ImagePart;

/** What was asked, in order. Parts other than text and images, and images whose place alone is marked, are left out. */
export function promptParts(prompt: unknown): Part[] {
  if (typeof prompt === 'string') return [{ type: 'text', text: prompt }];
  return (Array.isArray(prompt) ? prompt : []).flatMap((message: Message) => contentParts(message.content));
}

/** What was answered: the text itself, or the texts of the assistant's messages. */
export function responseText(response: string | readonly Message[]): string {
  if (typeof response === 'string') return response;
  return response
    .filter((message) => message.role === 'assistant')
    .flatMap((message) => contentParts(message.content))
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('');
}

/** The parts of a message's content: a text, or a list of parts. */
export function contentParts(content: unknown): Part[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content.flatMap(partOf) : [];
}

function partOf(part: unknown): Part[] {
  if (typeof part !== 'object' || part === null) return [];
  const fields = part as Readonly<Record<string, unknown>>;
  if (typeof fields['text'] === 'string') return [{ type: 'text', text: fields['text'] }];
  const source = [fields['image_url'], fields['image'], fields['url'], fields['path']].map(urlIn).find((url) => url !== undefined); // prettier-ignore
  return source === undefined ? [] : [{ type: 'image', source }];
}

function urlIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const url = (value as { url?: unknown } | null | undefined)?.url;
  return typeof url === 'string' ? url : undefined;
}
