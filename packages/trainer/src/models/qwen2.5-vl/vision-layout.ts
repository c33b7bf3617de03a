import type { VisionConfig } from './config.js';
import type { Grid } from './rope.js';

/** The order in which a batch of images goes through the vision tower, and what may attend to what. */
export interface VisionLayout {
  /** Row and column of each patch in the order the processor gives them, which is by merge blocks. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  /** windowed[i] = which merged unit (merge² consecutive patches) comes i-th when windows are contiguous. */
  readonly unitOrder: Int32Array;
  /** Patches of each attention window, in window order. */
  readonly windows: readonly number[];
  /** Patches of each frame: what full attention spans. */
  readonly frames: readonly number[];
}

/**
 * Cuts each frame into square windows of `windowSize` pixels, smaller at the right and lower edges. Neither windows nor
 * frames cross images.
 *
 * @throws Error when a grid's height or width is not a multiple of the merge size.
 */
export function visionLayout(grids: readonly Grid[], vision: VisionConfig): VisionLayout {
  const merge = vision.spatialMergeSize;
  const side = Math.floor(vision.windowSize / merge / vision.patchSize); // in merged units
  const rows: number[] = [];
  const columns: number[] = [];
  const unitOrder: number[] = [];
  const windows: number[] = [];
  const frames: number[] = [];
  for (const [t, h, w] of grids) {
    if (h % merge !== 0 || w % merge !== 0) {
      throw new Error(`visionLayout: grid ${t}x${h}x${w} is not a multiple of the merge size ${merge}`);
    }
    for (let frame = 0; frame < t; frame++) {
      const firstUnit = rows.length / merge ** 2;
      pushPatches(rows, columns, h, w, merge);
      pushWindows(unitOrder, windows, firstUnit, h / merge, w / merge, side, merge ** 2);
      frames.push(h * w);
    }
  }
  return {
    rows: Int32Array.from(rows),
    columns: Int32Array.from(columns),
    unitOrder: Int32Array.from(unitOrder),
    windows,
    frames,
  };
}

/** Patches of one frame, merge block by merge block. */
function pushPatches(rows: number[], columns: number[], h: number, w: number, merge: number): void {
  for (let top = 0; top < h; top += merge) {
    for (let left = 0; left < w; left += merge) {
      for (let patch = 0; patch < merge ** 2; patch++) {
        rows.push(top + Math.floor(patch / merge));
        columns.push(left + (patch % merge));
      }
    }
  }
}

/** Units of one frame, window by window. */
function pushWindows(
  unitOrder: number[],
  windows: number[],
  firstUnit: number,
  height: number,
  width: number,
  side: number,
  patchesPerUnit: number,
): void {
  for (let top = 0; top < height; top += side) {
    for (let left = 0; left < width; left += side) {
      const before = unitOrder.length;
      for (let y = top; y < Math.min(top + side, height); y++) {
        for (let x = left; x < Math.min(left + side, width); x++) unitOrder.push(firstUnit + y * width + x);
      }
      windows.push((unitOrder.length - before) * patchesPerUnit);
    }
  }
}
