import { existsSync, readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { decodeImage } from '../../src/images/decode.js';
import type { Message } from '../../src/data/prompt.js';
import { readProcessor } from '../../src/models/qwen2.5-vl/processor.js';
import { drawFrom } from '../fake-policy.js';
import { goldenJson } from './golden.js';

/** What goes wrong with one request. */
export type Fault =
  | 'status 500'
  | 'hang'
  | 'torn'
  | 'half JSON'
  | 'web page'
  | 'hang up'
  | 'foreign token'
  | 'no token ids'
  | 'no log-probs'
  | 'a log-prob short'
  | 'NaN log-prob'
  | 'log-prob above 0'
  | 'too few'
  | 'too long'
  | 'other prompt'
  | 'other model';

/** A request that a server got. */
export interface Received {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

/** A vLLM server in this process. */
export interface FakeVllm {
  readonly url: string;
  readonly received: Received[];
  /** Names of the adapters that are loaded. */
  readonly adapters: ReadonlyMap<string, unknown>;
  /** Closes every connection and the port; adapters are forgotten, as by a killed process. */
  stop(): Promise<void>;
  /** Listens on the same port again. */
  start(): Promise<void>;
}

/** How a server behaves. */
export interface FakeVllmOptions {
  /** Checkpoint whose tokenizer and processor it has. */
  readonly checkpoint: string;
  /** Token ids of the fake policy's words. */
  readonly words: readonly number[];
  /** What goes wrong, asked at each request. */
  readonly fault?: (request: Received, count: number) => Fault | undefined;
  /** Goes on answering from the first weights it ever had, as from a prefix cache that outlived them. */
  readonly stale?: boolean;
  /** The folder of full weights it was started on; it reads them again when told to. */
  readonly model?: string;
  /** The distribution its log-probs are of. @defaultValue 'raw' */
  readonly logprobs?: 'raw' | 'processed';
}

const recorded = (name: string) =>
  goldenJson<{ status: number; response: Record<string, unknown> | string }>('vllm', `${name}.json`);

/**
 * Answers as vLLM 0.32.0 was recorded to, with completions drawn from weights that {@link fakePolicy} saved. It reads prompts by the
 * checkpoint's own tokenizer and processor, images from their PNG.
 */
export async function fakeVllm(options: FakeVllmOptions): Promise<FakeVllm> {
  const { checkpoint, words, fault, stale = false, logprobs = 'raw' } = options;
  const processor = await readProcessor(checkpoint);
  const received: Received[] = [];
  const adapters = new Map<string, number[][]>();
  let first: number[][] | undefined;
  let port = 0;
  let server: http.Server;

  const readLogits = (folder: string) => {
    return (JSON.parse(readFileSync(join(folder, 'fake.json'), 'utf8')) as { logits: number[][] }).logits;
  };

  const reload = () => {
    adapters.set('tiny', readLogits(options.model!));
    return { status: 200, response: { results: [null] } };
  };

  const load = ({ lora_name: name, lora_path: path }: Record<string, unknown>) => {
    if (adapters.has(String(name))) return recorded('lora-load-again');
    if (!existsSync(join(String(path), 'fake.json'))) return recorded('lora-load-bad-path');
    const logits = readLogits(String(path));
    first ??= logits;
    adapters.set(String(name), stale ? first : logits);
    return recorded('lora-load');
  };

  const chat = async (body: Record<string, unknown>, wrong: Fault | undefined) => {
    const logits = adapters.get(String(body['model']));
    if (logits === undefined) return recorded('chat-unknown-model');
    const messages = await readMessages(body['messages'] as never);
    const { inputIds } = processor.process({ id: 'asked', messages });
    const [n, seed] = [Number(body['n'] ?? 1), Number(body['seed'] ?? 0)];
    const temperature = Number(body['temperature']);
    const { status, response } = recorded('chat-image');
    const template = (response as { choices: object[] }).choices[0]!;
    const only = (body['allowed_token_ids'] as number[]).length === 1;
    const choices = Array.from({ length: wrong === 'too few' ? n - 1 : n }, (_, index) => {
      const drawn = drawFrom(logits, `${seed}/${index}`, temperature, Number(body['max_completion_tokens']));
      const ids = drawn.tokens.map((word) => words[word]!);
      if (wrong === 'foreign token') ids[0] = 500;
      const values = only && logprobs === 'processed' ? [0] : [...drawn.samplerLogps];
      if (wrong === 'a log-prob short') values.pop();
      if (wrong === 'log-prob above 0') values[0] = 0.5;
      if (wrong === 'too long') ids.unshift(...Array<number>(9).fill(words[0]!));
      const content = values.map((logprob) => ({ token: '', logprob, bytes: [], top_logprobs: [] }));
      if (wrong === 'too long') content.unshift(...Array<(typeof content)[0]>(9).fill(content[0]!));
      const { finishReason: finish_reason } = drawn;
      return {
        ...template,
        index,
        finish_reason,
        logprobs: wrong === 'no log-probs' ? null : { content },
        token_ids: wrong === 'no token ids' ? null : ids,
      };
    });
    const prompt_token_ids = wrong === 'other prompt' ? [...inputIds.slice(1)] : [...inputIds];
    const model = wrong === 'other model' ? 'tiny' : body['model'];
    return { status, response: { ...(response as object), model, prompt_token_ids, choices } };
  };

  const servedModels = () => {
    const { status, response } = recorded('models');
    const [base] = (response as { data: object[] }).data;
    return { status, response: { ...(response as object), data: [{ ...base, root: options.model ?? 'elsewhere' }] } };
  };

  const answer = async (path: string, body: Record<string, unknown>, wrong: Fault | undefined) => {
    if (path === '/v1/models') return servedModels();
    if (path === '/collective_rpc' && options.model !== undefined) return reload();
    if (/^\/reset_(prefix|encoder|mm)_cache$/.test(path) && options.model !== undefined)
      return { status: 200, response: { success: true } };
    if (path === '/v1/load_lora_adapter') return load(body);
    if (path === '/v1/chat/completions') return chat(body, wrong);
    if (path === '/v1/unload_lora_adapter') {
      return recorded(adapters.delete(String(body['lora_name'])) ? 'lora-unload' : 'lora-unload-unknown');
    }
    return { status: 404, response: { detail: 'Not Found' } };
  };

  const handle = async (request: IncomingMessage, reply: ServerResponse) => {
    let text = '';
    for await (const part of request) text += String(part);
    const path = request.url ?? '';
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    received.push({ path, body });
    const wrong = fault?.({ path, body }, received.length);
    if (wrong === 'hang') return;
    if (wrong === 'hang up') return void request.socket.destroy();
    if (wrong === 'status 500')
      return void reply.writeHead(500).end(JSON.stringify({ error: { message: 'engine hiccup' } }));
    const { status, response } = await answer(path, body, wrong);
    const out = spoiled(typeof response === 'string' ? response : JSON.stringify(response), wrong);
    reply.writeHead(status, { 'content-length': Buffer.byteLength(out) });
    if (wrong === 'torn') return void reply.write(out.slice(0, 40), () => request.socket.destroy());
    reply.end(out);
  };

  const start = async () => {
    server = http.createServer((request, reply) => void handle(request, reply).catch(() => request.socket.destroy()));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  };
  const stop = async () => {
    adapters.clear();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  await start();
  return { url: `http://127.0.0.1:${port}`, received, adapters, start, stop };
}

/** A text that is not the JSON it should be. */
function spoiled(text: string, wrong: Fault | undefined): string {
  if (wrong === 'half JSON') return text.slice(0, text.length / 2);
  if (wrong === 'web page') return '<html><body>It works!</body></html>';
  return wrong === 'NaN log-prob' ? text.replace(/"logprob":[^,]+/, '"logprob":NaN') : text;
}

/** Messages of a request with their images decoded. */
async function readMessages(
  messages: {
    role: Message['role'];
    content: string | { type: string; text?: string; image_url?: { url: string } }[];
  }[],
): Promise<Message[]> {
  return Promise.all(
    messages.map(async ({ role, content }) => {
      if (typeof content === 'string') return { role, content };
      const parts = content.map(async ({ text, image_url: image }) => {
        if (image === undefined) return { type: 'text' as const, text: text! };
        const bytes = Buffer.from(image.url.slice('data:image/png;base64,'.length), 'base64');
        return { type: 'image' as const, image: await decodeImage(bytes, 'sent') };
      });
      return { role, content: await Promise.all(parts) };
    }),
  );
}
