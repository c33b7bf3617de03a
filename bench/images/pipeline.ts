// Photographs per second from JPEG files of 1024x768 to patches: pipeline.ts FOLDER [SECONDS]. Makes the files when the folder is empty.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { readSplit } from '../../packages/trainer/src/data/photos.js';
import { decodeImage } from '../../packages/trainer/src/images/decode.js';
import { processImage, readImageProcessor } from '../../packages/trainer/src/models/qwen2.5-vl/image-processor.js';
import { cutIntoPatches } from '../../packages/trainer/src/models/qwen2.5-vl/patches.js';

const [folder, seconds] = [process.argv[2]!, Number(process.argv[3] ?? 10)];
const photos = 'examples/photos';
/** Files that are decoded while one is cut into patches, as prompts of a step are. */
const AHEAD = 4;

mkdirSync(folder, { recursive: true });
if (readdirSync(folder).length === 0) {
  for (const name of readSplit(photos, 'train')) {
    const jpeg = await sharp(join(photos, name)).resize(1024, 768, { fit: 'cover' }).jpeg({ quality: 92 }).toBuffer();
    writeFileSync(join(folder, `${name.replace(/\.\w+$/, '')}.jpg`), jpeg);
  }
}
const files = readdirSync(folder).sort();
// Qwen2.5-VL's published bounds and constants.
const config = {
  ...(await readImageProcessor('examples/tiny/checkpoint')),
  minPixels: 3136,
  maxPixels: 12_845_056,
};

/** Filled anew for each photograph, as where the trainer hands them to the vision tower one by one. */
const memory = new Float32Array(5_000_000);

const decoded = (i: number) => decodeImage(join(folder, files[i % files.length]!));

async function run(limit: number) {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const ahead = Array.from({ length: AHEAD }, (_, i) => decoded(i));
  let [done, patches, deciding] = [0, 0, 0];
  while (performance.now() - start < limit * 1000) {
    const image = await ahead.shift()!;
    ahead.push(decoded(done + AHEAD));
    const before = performance.now();
    patches += cutIntoPatches([processImage(image, config)], memory).length;
    deciding += performance.now() - before;
    done++;
  }
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all(ahead);
  const elapsed = (performance.now() - start) / 1000;
  return { done, elapsed, cpu: (user + system) / 1e6, resize: deciding / done, values: patches / done };
}

await run(1); // compiles
const { done, elapsed, cpu, resize, values } = await run(seconds);
console.log(`ours: ${(done / elapsed).toFixed(1)} photographs/s (${done} in ${elapsed.toFixed(1)} s, ${((1000 * cpu) / done).toFixed(1)} ms CPU each, of which ${resize.toFixed(1)} ms from pixels to ${values} values)`); // prettier-ignore
