/** Where each token stands, for the rotary embedding of the language model. */
export interface PositionIds {
  /** [3, T]: time, row, column. The three agree on text. */
  readonly positionIds: Int32Array;
  /**
   * How far positions run behind or ahead of token counts: token number i (from 0) after these T has position
   * T + i + ropeDelta on all three axes.
   */
  readonly ropeDelta: number;
}

/**
 * Positions of a prompt with pictures (transformers' `get_rope_index` for one unpadded row): text advances all axes by
 * one; a picture's tokens share one time and lie on a grid of rows and columns; text after it continues from the
 * largest position so far.
 *
 * @param inputIds - [T], with one run of image tokens for each picture
 * @param grids - each picture's (t, h, w) in patches, in the order of the runs
 * @param mergeSize - patches along one side of a token
 * @throws Error when the number of image tokens is not that of the grids.
 */
export function positionIds(
  inputIds: ArrayLike<number>,
  grids: readonly (readonly [number, number, number])[],
  imageTokenId: number,
  mergeSize: number,
): PositionIds {
  const length = inputIds.length;
  const positions = new Int32Array(3 * length);
  let next = 0;
  let image = 0;
  let token = 0;
  while (token < length) {
    if (inputIds[token] !== imageTokenId) {
      positions[token] = positions[length + token] = positions[2 * length + token] = next++;
      token++;
      continue;
    }
    const grid = grids[image++];
    if (grid === undefined) throw new Error(`positionIds: image tokens at ${token}, but only ${grids.length} images`);
    const rows = grid[1] / mergeSize;
    const columns = grid[2] / mergeSize;
    const end = token + grid[0] * rows * columns;
    for (let i = 0; token < end; i++, token++) {
      if (token >= length || inputIds[token] !== imageTokenId)
        throw new Error(`positionIds: image ${image} needs ${grid[0] * rows * columns} image tokens, got ${i}`);
      const inFrame = i % (rows * columns);
      positions[token] = next; // frames of a picture have no duration: all stand at the same time
      positions[length + token] = next + Math.floor(inFrame / columns);
      positions[2 * length + token] = next + (inFrame % columns);
    }
    next += Math.max(rows, columns);
  }
  if (image < grids.length) throw new Error(`positionIds: ${grids.length} images, but image tokens for ${image}`);
  return { positionIds: positions, ropeDelta: next - length };
}
