// Degrades pieces of four photographs and one grey by every function at every severity: dump.ts FOLDER
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cut } from '../../packages/trainer/src/data/crop.js';
import { readSplit } from '../../packages/trainer/src/data/photos.js';
import type { RgbImage } from '../../packages/trainer/src/data/prompt.js';
import { decodeImage } from '../../packages/trainer/src/images/decode.js';
import { degrade, LADDERS, type Ladder } from '../../packages/trainer/src/images/degradations/degrade.js';

const folder = process.argv[2]!;
const SIZE = 160;
const photos = 'examples/photos';

const pieces: RgbImage[] = [];
for (const name of readSplit(photos, 'heldOut').slice(0, 4)) {
  const photo = await decodeImage(join(photos, name));
  const [left, top] = [Math.floor((photo.width - SIZE) / 2), Math.floor((photo.height - SIZE) / 2)];
  pieces.push(cut(photo, { left, top, mirrored: false }, SIZE));
}
pieces.push({ name: 'grey', width: SIZE, height: SIZE, data: new Uint8Array(SIZE * SIZE * 3).fill(128) });

const results: { image: string; ladder: Ladder; name: string; severity: number; file: string }[] = [];
for (const [i, piece] of pieces.entries()) {
  writeFileSync(join(folder, `${i}.rgb`), piece.data);
  for (const [ladder, names] of Object.entries(LADDERS) as [Ladder, typeof LADDERS.dq495k][]) {
    for (const name of names.filter((one) => one !== 'null')) {
      for (const severity of [1, 2, 3, 4, 5] as const) {
        const { data } = await degrade(piece, { ladder, name, severity, seed: 'dump' });
        const file = `${results.length}.raw`;
        writeFileSync(join(folder, file), data);
        results.push({ image: `${i}.rgb`, ladder, name, severity, file });
      }
    }
  }
}
writeFileSync(join(folder, 'index.json'), JSON.stringify({ size: SIZE, results }));
