import { quote } from '../answer/reading.js';

/** A message of the chat completions API. */
export interface ChatMessage {
  readonly role: 'system' | 'user';
  readonly content:
    | string
    | readonly (
        | { readonly type: 'text'; readonly text: string }
        | { readonly type: 'image_url'; readonly image_url: { readonly url: string } }
      )[];
}

/** A request to the chat completions API. */
export interface ChatRequest {
  readonly endpoint: string;
  readonly apiKey: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The text of a chat model's reply. Rejects when it cannot be reached, answers with an error, or with something else. */
export async function askChat(request: ChatRequest, signal?: AbortSignal): Promise<string> {
  const url = `${request.endpoint.replace(/\/$/, '')}/chat/completions`;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(request.apiKey === undefined ? {} : { authorization: `Bearer ${request.apiKey}` }),
    },
    body: JSON.stringify(request.body),
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${quote(text)}`);
  const content = contentOf(text);
  if (content === undefined) throw new Error(`${url} gave no message: ${quote(text)}`);
  return content;
}

function contentOf(text: string): string | undefined {
  try {
    const reply = JSON.parse(text) as { choices?: { message?: { content?: unknown } }[] };
    const content = reply.choices?.[0]?.message?.content;
    return typeof content === 'string' ? content : undefined;
  } catch {
    return undefined;
  }
}
