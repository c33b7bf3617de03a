/** Tokens that end a turn or fill a batch, as chat templates in use write them. */
const END_TOKENS = ['<|im_end|>', '<|endoftext|>', '<|eot_id|>', '<|end_of_text|>', '<end_of_turn>', '<eos>', '</s>', '<pad>']; // prettier-ignore

/** What stands before the answer in a decoded conversation. */
const ASSISTANT_MARKERS = [
  '<|im_start|>assistant\n',
  '<|start_header_id|>assistant<|end_header_id|>\n\n',
  '<start_of_turn>model\n',
  '[/INST]',
];

/** A completion without the end-of-turn and padding tokens at its end: rewards of the layout would stumble over them. */
export function withoutEndTokens(text: string): string {
  let rest = text;
  for (;;) {
    const trimmed = rest.trimEnd();
    const token = END_TOKENS.find((end) => trimmed.endsWith(end));
    if (token === undefined) return rest;
    rest = trimmed.slice(0, -token.length);
  }
}

/**
 * The completion in a decoded conversation: what follows the prompt, or else the last assistant marker, since a prompt with images
 * decodes to another text than was encoded.
 */
export function completionIn(conversation: string, prompt: string): string | undefined {
  if (conversation.startsWith(prompt)) return conversation.slice(prompt.length);
  const ends = ASSISTANT_MARKERS.flatMap((marker) => {
    const at = conversation.lastIndexOf(marker);
    return at === -1 ? [] : [at + marker.length];
  });
  return ends.length === 0 ? undefined : conversation.slice(Math.max(...ends));
}
