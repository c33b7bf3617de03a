import type { ProcessedPrompt } from '../../src/models/qwen2.5-vl/processor.js';

/** Prompts of one batch, padded on the left to the longest so that all end where their completions begin. */
export interface PaddedPrompts {
  /** [B, T] */
  readonly inputIds: Int32Array;
  /** [B, T]: 1 is a token, 0 padding. */
  readonly attentionMask: Int32Array;
  /** [3, B, T], 0 at padding. */
  readonly positionIds: Int32Array;
  /** [B] */
  readonly ropeDeltas: readonly number[];
  readonly length: number;
}

/** Pads prompts on the left to the longest. */
export function padLeft(prompts: readonly ProcessedPrompt[], padTokenId: number): PaddedPrompts {
  const length = prompts.reduce((longest, { inputIds }) => Math.max(longest, inputIds.length), 0);
  const batch = prompts.length;
  const inputIds = new Int32Array(batch * length).fill(padTokenId);
  const attentionMask = new Int32Array(batch * length);
  const positions = new Int32Array(3 * batch * length);
  for (const [row, prompt] of prompts.entries()) {
    const tokens = prompt.inputIds.length;
    const start = (row + 1) * length - tokens;
    inputIds.set(prompt.inputIds, start);
    attentionMask.fill(1, start, start + tokens);
    for (let axis = 0; axis < 3; axis++)
      positions.set(prompt.positionIds.subarray(axis * tokens, (axis + 1) * tokens), axis * batch * length + start);
  }
  return {
    inputIds,
    attentionMask,
    positionIds: positions,
    ropeDeltas: prompts.map(({ ropeDelta }) => ropeDelta),
    length,
  };
}
