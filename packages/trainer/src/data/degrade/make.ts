import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { decodeImage } from '../../images/decode.js';
import { degradationParameters, degrade, type Ladder } from '../../images/degradations/degrade.js';
import { classOf } from '../../images/degradations/dq495k.js';
import { resizeImage } from '../../images/resize.js';
import { replaceFile } from '../../models/files.js';
import type { RgbImage } from '../prompt.js';
import type { DegradeStep, PlannedPicture } from './plan.js';

/** A line of a manifest. With one distortion or none it is a row that the source `dq495k` reads. */
export interface ManifestRow {
  /** The original, relative to its folder. */
  readonly img_ref: string;
  /** The result, relative to the manifest's folder. */
  readonly img_lq: string;
  /** Of each distortion, in their order, where there are several; null where there is none. */
  readonly distortion_class: string | readonly string[] | null;
  readonly distortion_name: string | readonly string[] | null;
  /** 1 to 5; 0 where there is no distortion. */
  readonly severity: number | readonly number[];
  /** Null where there is no distortion. */
  readonly ladder: Ladder | null;
  readonly parameters: unknown;
  readonly seed: unknown;
  /** SHA-256 of the result's file. */
  readonly sha256: string;
}

/** Reduces the shorter side to a length, as Pillow's bicubic filter does; smaller pictures stay as they are. */
export function withShortSide(image: RgbImage, side: number): RgbImage {
  const short = Math.min(image.width, image.height);
  if (side === 0 || short <= side) return image;
  const scaled = (length: number) => Math.round((length * side) / short);
  return resizeImage(image, scaled(image.width), scaled(image.height), 'bicubic');
}

/**
 * Makes one picture as planned and writes it as PNG, whole or not at all.
 *
 * @param shortSide - originals are reduced to it before they are degraded; 0 leaves them as they are
 */
export async function makePicture(
  picture: PlannedPicture,
  folders: { readonly from: string; readonly to: string },
  shortSide: number,
): Promise<ManifestRow> {
  const { reference, output, steps } = picture;
  let image = withShortSide(await decodeImage(path.join(folders.from, reference)), shortSide);
  for (const step of steps) image = await degrade(image, step);
  const { width, height, data } = image;
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  await replaceFile(path.join(folders.to, output), (file) => file.writeFile(png));
  return rowOf(picture, createHash('sha256').update(png).digest('hex'));
}

/** Whether a row's picture is there as it was written. */
export function isWhole(folder: string, row: ManifestRow): boolean {
  const file = path.join(folder, row.img_lq);
  return existsSync(file) && createHash('sha256').update(readFileSync(file)).digest('hex') === row.sha256;
}

function rowOf({ reference, output, steps }: PlannedPicture, sha256: string): ManifestRow {
  const of = <T>(pick: (step: DegradeStep) => T, none: T) => (steps.length === 0 ? none : steps.length === 1 ? pick(steps[0]!) : steps.map(pick)); // prettier-ignore
  return {
    img_ref: reference,
    img_lq: output,
    distortion_class: of<string | null>(({ name }) => classOf(name), null) as ManifestRow['distortion_class'],
    distortion_name: of<string | null>(({ name }) => name, null) as ManifestRow['distortion_name'],
    severity: of(({ severity }) => severity as number, 0),
    ladder: steps[0]?.ladder ?? null,
    parameters: of<unknown>(degradationParameters, null),
    seed: of<unknown>(({ seed }) => seed, null),
    sha256,
  };
}
