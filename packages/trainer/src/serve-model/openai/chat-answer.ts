import { randomBytes } from 'node:crypto';
import type { Tokenizer } from '../../models/qwen2.5-vl/tokenizer.js';
import type { SampleResponse } from '../../policies/tinker/protocol/messages.js';
import type { ChatRequest } from './chat-request.js';

type Sequences = SampleResponse['sequences'];

/** What every part of an answer says of itself. */
export const headOf = ({ model }: ChatRequest, object: 'chat.completion' | 'chat.completion.chunk') => ({
  id: `chatcmpl-${randomBytes(8).toString('hex')}`,
  object,
  created: Math.floor(Date.now() / 1000),
  model,
});

/** The tokens that were read and written. */
export function usageOf({ promptTokens }: ChatRequest, sequences: Sequences) {
  const completed = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
  return { prompt_tokens: promptTokens, completion_tokens: completed, total_tokens: promptTokens + completed };
}

/** Log-probs of tokens, when they are asked for. */
export function logprobsOf(
  { logprobs: isAsked }: ChatRequest,
  tokens: readonly number[],
  logprobs: readonly number[],
  tokenizer: Tokenizer,
) {
  if (!isAsked) return null;
  const content = tokens.map((token, i) => {
    const text = tokenizer.token(token) ?? '';
    return { token: text, logprob: logprobs[i]!, bytes: [...Buffer.from(text)], top_logprobs: [] };
  });
  return { content };
}

/** The whole answer in one. */
export function chatAnswer(asked: ChatRequest, sequences: Sequences, tokenizer: Tokenizer) {
  const choices = sequences.map(({ tokens, logprobs, stop_reason }, index) => ({
    index,
    message: { role: 'assistant', content: tokenizer.decode(tokens, 'skip') },
    logprobs: logprobsOf(asked, tokens, logprobs ?? [], tokenizer),
    finish_reason: stop_reason,
    token_ids: tokens,
  }));
  return { ...headOf(asked, 'chat.completion'), choices, usage: usageOf(asked, sequences) };
}
