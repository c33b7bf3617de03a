import type { Qwen25VlConfig } from './config.js';
import type { PackedLayout } from './packed-layout.js';
import type { ProcessedPrompt } from './processor.js';

/** What the language model needs of a prompt; its images go in as embeddings. */
export type EncodedPrompt = Pick<ProcessedPrompt, 'inputIds' | 'positionIds' | 'ropeDelta'>;

/** A prompt and one completion of it. Completions of one prompt share the same prompt object. */
export interface EncodedSequence<P extends EncodedPrompt = EncodedPrompt> {
  readonly prompt: P;
  readonly completion: readonly number[];
}

/** Where everything lies in a packed batch: prompts first, [P, S], then completions without their last token, [P, G, C]. */
export interface PackedBatch<P extends EncodedPrompt = EncodedPrompt> {
  readonly prompts: readonly P[];
  readonly promptLengths: readonly number[];
  readonly layout: PackedLayout;
  /** [rows] token ids, 0 on padding. */
  readonly ids: Int32Array;
  /** [3][rows] positions. */
  readonly positions: readonly [Int32Array, Int32Array, Int32Array];
  /** Rows that hold image tokens, in order. */
  readonly imageRows: Int32Array;
  /** For each completion token, sequence after sequence: the row whose output predicts it, and its id. */
  readonly predictingRows: Int32Array;
  readonly targets: Int32Array;
  /** How many targets a batch of this layout has at most. */
  readonly room: number;
}

/**
 * Lays sequences out so that a prompt appears once, however many of its completions there are.
 *
 * @param round - makes prompt and completion lengths longer, so that fewer shapes come about
 * @throws Error when there is no sequence.
 */
export function packSequences<P extends EncodedPrompt>(
  sequences: readonly EncodedSequence<P>[],
  config: Qwen25VlConfig,
  round: (length: number) => number = (length) => length,
): PackedBatch<P> {
  if (sequences.length === 0) throw new Error('packSequences: expected at least one sequence');
  const prompts = [...new Set(sequences.map(({ prompt }) => prompt))];
  const groups = prompts.map((prompt) => sequences.filter((sequence) => sequence.prompt === prompt));
  const layout: PackedLayout = {
    prompts: prompts.length,
    promptLength: round(Math.max(...prompts.map(({ inputIds }) => inputIds.length))),
    groupSize: Math.max(...groups.map((group) => group.length)),
    completionLength: round(Math.max(0, ...sequences.map(({ completion }) => completion.length - 1))),
    heads: config.text.numAttentionHeads,
    keyHeads: config.text.numKeyValueHeads,
    headDim: config.text.headDim,
  };
  const rows = placeRows(layout, prompts, groups, config.imageTokenId);
  return {
    prompts,
    promptLengths: prompts.map(({ inputIds }) => inputIds.length),
    layout,
    ids: rows.ids,
    positions: rows.positions,
    imageRows: rows.imageRows,
    predictingRows: Int32Array.from(
      sequences.flatMap((sequence) => {
        const p = prompts.indexOf(sequence.prompt);
        const lastOfPrompt = p * layout.promptLength + sequence.prompt.inputIds.length - 1;
        const first = rows.firstRow.get(sequence)!;
        return sequence.completion.map((_, token) => (token === 0 ? lastOfPrompt : first + token - 1));
      }),
    ),
    targets: Int32Array.from(sequences.flatMap(({ completion }) => completion)),
    room: layout.prompts * layout.groupSize * (layout.completionLength + 1),
  };
}

interface PlacedRows {
  readonly ids: Int32Array;
  readonly imageRows: Int32Array;
  readonly positions: readonly [Int32Array, Int32Array, Int32Array];
  /** Row of each sequence's first completion token. */
  readonly firstRow: ReadonlyMap<EncodedSequence, number>;
}

function placeRows(
  layout: PackedLayout,
  prompts: readonly EncodedPrompt[],
  groups: readonly (readonly EncodedSequence[])[],
  imageTokenId: number,
): PlacedRows {
  const { promptLength: S, groupSize: G, completionLength: C } = layout;
  const total = prompts.length * (S + G * C);
  const ids = new Int32Array(total);
  const imageRows: number[] = [];
  const positions = [new Int32Array(total), new Int32Array(total), new Int32Array(total)] as const;
  const firstRow = new Map<EncodedSequence, number>();
  prompts.forEach(({ inputIds, positionIds }, p) => {
    const length = inputIds.length;
    ids.set(inputIds, p * S);
    positions.forEach((axis, a) => axis.set(positionIds.subarray(a * length, (a + 1) * length), p * S));
    for (let i = 0; i < length; i++) if (inputIds[i] === imageTokenId) imageRows.push(p * S + i);
  });
  groups.forEach((group, p) => {
    const next = prompts[p]!.inputIds.length + prompts[p]!.ropeDelta;
    group.forEach((sequence, g) => {
      const first = prompts.length * S + (p * G + g) * C;
      firstRow.set(sequence, first);
      sequence.completion.slice(0, -1).forEach((id, c) => {
        ids[first + c] = id;
        for (const axis of positions) axis[first + c] = next + c;
      });
    });
  });
  return { ids, imageRows: Int32Array.from(imageRows), positions, firstRow };
}
