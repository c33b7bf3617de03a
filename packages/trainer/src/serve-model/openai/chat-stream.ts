import type { ServerResponse } from 'node:http';
import type { DrawnSoFar } from '../../models/qwen2.5-vl/generation.js';
import type { Tokenizer } from '../../models/qwen2.5-vl/tokenizer.js';
import type { SampleResponse } from '../../policies/tinker/protocol/messages.js';
import { headOf, logprobsOf, usageOf } from './chat-answer.js';
import type { ChatRequest } from './chat-request.js';

/** An answer piece by piece, as server-sent events. */
export interface ChatStream {
  /** Sends what is new of each completion. */
  readonly onTokens: (soFar: readonly DrawnSoFar[]) => void;
  /** Sends the rest, why each completion ended, and the end. */
  readonly end: (sequences: SampleResponse['sequences']) => void;
  /** Sends an error in place of the rest. */
  readonly fail: (error: object) => void;
  /** Whether something has been sent: before that, a failure has a status of its own. */
  readonly hasBegun: () => boolean;
}

interface Sent {
  tokens: number;
  text: number;
}

/** A character that is not whole yet: its last bytes come with a later token. */
const TORN = /\uFFFD+$/;

/** Opens a stream; nothing is sent until there is something to say. */
export function openChatStream(response: ServerResponse, asked: ChatRequest, tokenizer: Tokenizer): ChatStream {
  const head = headOf(asked, 'chat.completion.chunk');
  const sent: Sent[] = Array.from({ length: asked.request.num_samples }, () => ({ tokens: 0, text: 0 }));

  function send(data: object | string): void {
    if (response.destroyed) return; // the caller has left, and others are drawn along
    if (!response.headersSent)
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
  }
  const sendChoices = (choices: readonly object[], usage: object | null): void =>
    send({ ...head, choices, ...(asked.usage && { usage }) });

  /** What is new of a completion; the last of it is never held back. */
  function sendNew(index: number, { tokens, logprobs }: DrawnSoFar, finishReason: string | null): void {
    const before = sent[index]!;
    const text = tokenizer.decode(tokens, 'skip');
    const whole = finishReason === null ? text.replace(TORN, '') : text;
    const fresh = tokens.slice(before.tokens);
    if (fresh.length === 0 && finishReason === null) return;
    const delta = {
      ...(before.tokens === 0 && { role: 'assistant' }),
      content: whole.slice(before.text),
    };
    const probabilities = logprobsOf(asked, fresh, logprobs.slice(before.tokens), tokenizer);
    sendChoices([{ index, delta, logprobs: probabilities, finish_reason: finishReason, token_ids: fresh }], null);
    sent[index] = { tokens: tokens.length, text: whole.length };
  }

  return {
    onTokens: (soFar) => soFar.forEach((one, index) => sendNew(index, one, null)),
    end: (sequences) => {
      sequences.forEach(({ tokens, logprobs, stop_reason }, index) =>
        sendNew(index, { tokens, logprobs: logprobs ?? [] }, stop_reason),
      );
      if (asked.usage) sendChoices([], usageOf(asked, sequences));
      send('[DONE]');
      response.end();
    },
    fail: (error) => {
      send(error);
      response.end();
    },
    hasBegun: () => response.headersSent,
  };
}
