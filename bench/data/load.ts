// Makes label files of many rows, or loads one and says how long it took and how much memory: see run.sh.
import { createWriteStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { once } from 'node:events';
import { dataSource } from '../../packages/trainer/src/config/data-source.js';
import { openDataset } from '../../packages/trainer/src/training/dataset.js';

const IMAGES = 10_000; // different files; every row looks for its own
const name = (i: number) => `${String(i % IMAGES).padStart(10, '0')}.jpg`;
const mos = (i: number) => 1 + ((i * 7919) % 40001) / 10000;

const files: Record<
  string,
  { file: string; head?: string; tail?: string; separator: string; row: (i: number) => string }
> = {
  // prettier-ignore
  deqa: {
    file: 'KONIQ/metas/rows.json',
    head: '[',
    tail: ']',
    separator: ',\n',
    row: (i) =>
      JSON.stringify({
        id: `${name(i)}->${mos(i)}`,
        image: `KONIQ/images/${name(i)}`,
        gt_score: mos(i),
        gt_score_norm: mos(i),
        level_probs_org: [0.1, 0.5, 0.3, 0.1, 0],
        level_probs: [0.1, 0.5, 0.3, 0.1, 0],
        std: 0.58,
        std_norm: 0.72,
        conversations: [
          { from: 'human', value: 'What do you think about the quality of this image?\n<|image|>' },
          { from: 'gpt', value: 'The quality of the image is good.' },
        ],
      }),
  },
  'vlm-r1': {
    file: 'rows.jsonl',
    separator: '\n',
    row: (i) =>
      JSON.stringify({
        id: i,
        dataset_name: 'KADID-10K',
        image: [`KONIQ/images/${name(i)}`],
        conversations: [{ from: 'human', value: '<image> Rate it.' }, { from: 'gpt', value: mos(i) }], // prettier-ignore
      }),
  },
  csv: {
    file: 'rows.csv',
    head: 'image,score,std\n',
    separator: '\n',
    row: (i) => `KONIQ/images/${name(i)},${mos(i)},0.5`,
  },
  koniq: {
    file: 'koniq.csv',
    head: '"image_name","c1","c2","c3","c4","c5","c_total","MOS","SD","MOS_zscore"\n',
    separator: '\n',
    row: (i) => `"KONIQ/images/${name(i)}",0,0,25,73,7,105,${mos(i)},0.56,77.4`,
  },
  dq495k: {
    file: 'dq495k.json',
    head: '[',
    tail: ']',
    separator: ',\n',
    row: (i) =>
      JSON.stringify({ img_ref: 'r.png', img_lq: `KONIQ/images/${name(i)}`, distortion_class: 'noise', distortion_name: 'noise_poisson', severity: 1 + (i % 5) }), // prettier-ignore
  },
};

async function make(folder: string, rows: number): Promise<void> {
  mkdirSync(path.join(folder, 'KONIQ/images'), { recursive: true });
  mkdirSync(path.join(folder, 'KONIQ/metas'), { recursive: true });
  for (let i = 0; i < IMAGES; i++) writeFileSync(path.join(folder, 'KONIQ/images', name(i)), '');
  for (const { file, head = '', tail = '', separator, row } of Object.values(files)) {
    const stream = createWriteStream(path.join(folder, file));
    stream.write(head);
    for (let i = 0; i < rows; i += 1000) {
      const lines = Array.from({ length: Math.min(1000, rows - i) }, (_, k) => row(i + k));
      const more = i + 1000 < rows ? separator : '';
      if (!stream.write(lines.join(separator) + more)) await once(stream, 'drain');
    }
    stream.end(tail);
    await once(stream, 'close');
  }
}

async function read(folder: string, kind: string): Promise<void> {
  const file = path.join(folder, files[kind]!.file);
  const source = dataSource.parse({ kind, file, images: folder });
  const start = performance.now();
  const before = process.cpuUsage();
  const dataset = await openDataset(source, 'train', '0');
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const cpu = (user + system) / 1e6;
  const peak = process.resourceUsage().maxRSS / 1024;
  const size = statSync(file).size / 2 ** 20;
  console.log(
    `${`${kind} (${size.toFixed(0)} MB)`.padEnd(30)} ${String(dataset.length).padStart(9)} rows  ${seconds.toFixed(2).padStart(6)} s  ${cpu.toFixed(2).padStart(6)} s CPU  ${peak.toFixed(0).padStart(6)} MB`,
  );
}

const [task, folder, argument] = process.argv.slice(2) as [string, string, string];
await (task === 'make' ? make(folder, Number(argument)) : read(folder, argument));
