import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { serveModel, type ModelServer } from '../../src/serve-model/index.js';
import { goldenPath } from '../helpers/golden.js';
import { temporaryFolder } from '../helpers/temporary.js';

const image = `data:image/png;base64,${readFileSync(goldenPath('vlm', 'images/exact.png')).toString('base64')}`;
let server: ModelServer;

beforeAll(async () => {
  const limits = { context: 8192, samples: 4 };
  server = await serveModel(goldenPath('vlm', 'tied_fp32'), { port: 0, name: 'tiny', key: 'k', checkpoints: temporaryFolder(), ...limits }); // prettier-ignore
});
afterAll(() => server.close());

const post = (path: string, body: unknown, key = 'k', signal?: AbortSignal): Promise<Response> => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  return fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal: signal ?? null });
};
async function ask(
  path: string,
  body: unknown,
  key?: string,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await post(path, body, key);
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

describe('chat completions', () => {
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: image } },
        { type: 'text', text: 'Is it sharp?' },
      ],
    },
  ];

  it('see the image, and follow from the seed', async () => {
    const asked = { model: 'tiny', messages, n: 2, seed: 3, max_tokens: 5, logprobs: true };
    const first = await ask('/v1/chat/completions', asked);
    const again = await ask('/v1/chat/completions', asked);
    expect(first.status).toBe(200);
    expect(again.json['choices']).toEqual(first.json['choices']);
    const [one, two] = first.json['choices'] as { token_ids: number[]; logprobs: { content: unknown[] } }[];
    expect(one!.logprobs.content).toHaveLength(one!.token_ids.length);
    expect(one!.token_ids).not.toEqual(two!.token_ids);
    const blind = await ask('/v1/chat/completions', {
      ...asked,
      messages: [{ role: 'user', content: 'Is it sharp?' }],
    });
    const tokens = ({ json }: typeof first) => (json['usage'] as { prompt_tokens: number }).prompt_tokens;
    expect(tokens(first) - tokens(blind)).toBe(18); // 16 for the image, and the marks around it
  });

  it.each([
    [{ stream: 'yes' }, 'stream: '],
    [{ stream: true, model: 'tinker://none/weights/x' }, 'no such checkpoint'],
    [{ n: 5 }, 'n: expected at most 4, got 5'],
    [{ max_tokens: 8192 }, 'exceed the context of 8192'],
    [{ model: 'tinker://none/weights/x' }, 'no such checkpoint'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://127.0.0.1/a.png' } }] }] },
      'data URL',
    ],
  ])('are refused with the reason: %j', async (change, reason) => {
    const { status, json } = await ask('/v1/chat/completions', { model: 'tiny', messages, max_tokens: 2, ...change });
    expect(status).toBe(400);
    expect((json['error'] as { message: string }).message).toContain(reason);
  });

  it('need the key', async () => {
    expect((await ask('/v1/chat/completions', {}, 'wrong')).status).toBe(401);
  });
});

describe('a stream', () => {
  const asked = {
    model: 'tiny',
    messages: [{ role: 'user', content: 'Is it sharp?' }],
    seed: 5,
    n: 2,
    max_tokens: 30,
    logprobs: true,
  };
  interface Piece {
    id: string;
    object: string;
    choices: {
      index: number;
      delta: { role?: string; content: string };
      finish_reason: string | null;
      logprobs: { content: unknown[] };
      token_ids: number[];
    }[];
    usage?: object | null;
  }
  const events = (text: string) =>
    text
      .trimEnd()
      .split('\n\n')
      .map((event) => event.replace(/^data: /, ''));

  it('comes in pieces that make up the answer in one', async () => {
    const whole = (await ask('/v1/chat/completions', asked)).json;
    const answer = await post('/v1/chat/completions', {
      ...asked,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    const [last, ...before] = events(await answer.text()).reverse();
    expect(last).toBe('[DONE]');
    const [count, ...pieces] = before.map((text) => JSON.parse(text) as Piece);
    expect(count).toMatchObject({ choices: [], usage: whole['usage'] });
    pieces.reverse();
    expect(pieces.length).toBeGreaterThan(4);
    expect(new Set(pieces.map(({ id, object }) => `${id} ${object}`)).size).toBe(1);
    const choices = whole['choices'] as { message: object; finish_reason: string; logprobs: { content: unknown[] }; token_ids: number[] }[]; // prettier-ignore
    for (const [i, { message, finish_reason, logprobs, token_ids }] of choices.entries()) {
      const own = pieces.flatMap((piece) => piece.choices.filter(({ index }) => index === i));
      expect(own.map(({ delta }) => delta.role)).toEqual(['assistant', ...own.slice(1).map(() => undefined)]);
      expect({ role: 'assistant', content: own.map(({ delta }) => delta.content).join('') }).toEqual(message);
      expect(own.flatMap((one) => one.token_ids)).toEqual(token_ids);
      expect(own.flatMap((one) => one.logprobs.content)).toEqual(logprobs.content);
      expect(own.map((one) => one.finish_reason)).toEqual([...own.slice(1).map(() => null), finish_reason]);
    }
  });

  it('ends when the caller leaves: those who wait need not wait for it', async () => {
    const long = { ...asked, n: 4, max_tokens: 8000, stop: [], stream: true }; // takes minutes
    const leaving = new AbortController();
    const left = await post('/v1/chat/completions', long, 'k', leaving.signal);
    leaving.abort();
    await expect(left.text()).rejects.toThrow('aborted');
    expect((await ask('/v1/chat/completions', { ...asked, n: 1, max_tokens: 2 })).status).toBe(200);
  });
});

describe('what is asked before', () => {
  it('is answered: whether it is well, without a key, and which models there are', async () => {
    const healthy = await fetch(`${server.url}/health`);
    expect([healthy.status, await healthy.json()]).toEqual([200, { status: 'ok' }]);
    const { session_id } = (await ask('/api/v1/create_session', {})).json;
    await ask('/api/v1/create_model', { session_id, model_seq_id: 0, base_model: 'tiny', lora_config: { rank: 2 } });
    const models = await fetch(`${server.url}/v1/models`, { headers: { authorization: 'Bearer k' } });
    const { data } = (await models.json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(['tiny', `${String(session_id)}:train:0`]);
  });
});
