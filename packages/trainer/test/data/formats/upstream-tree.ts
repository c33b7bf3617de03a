import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type { SingleSource } from '../../../src/config/data-source.js';
import { dataSource } from '../../../src/config/data-source.js';
import { writeSpreadsheet } from './spreadsheet.js';

let shade = 0;

/** A small picture, each of another grey, so that no two files are the same. */
async function picture(file: string): Promise<void> {
  mkdirSync(path.dirname(file), { recursive: true });
  shade += 1;
  const background = { r: shade % 256, g: (shade * 7) % 256, b: 100 };
  await sharp({ create: { width: 40, height: 32, channels: 3, background } }).toFile(file);
}

/** Writes text or, when it is none, JSON. */
function write(file: string, content: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

/** A source as a recipe has it, with its defaults. */
export const source = (input: object): SingleSource => dataSource.parse(input) as SingleSource;

const KONIQ_HEAD = '"image_name","c1","c2","c3","c4","c5","c_total","MOS","SD","MOS_zscore"';

/** Lays out every dataset in miniature as it is published, below one folder, and says how a recipe names each. */
export async function writeUpstreamTree(root: string): Promise<Record<string, SingleSource>> {
  const at = (...parts: string[]) => path.join(root, ...parts);

  // DeQA-Score: image paths start at the folder that holds all datasets.
  const deqa = at('Data-DeQA-Score/KONIQ/metas/train_koniq_7k.json');
  write(deqa, [
    {
      id: '10007357496.jpg->3.47916666666667',
      image: 'KONIQ/images/10007357496.jpg',
      gt_score: 3.47916666666667,
      gt_score_norm: 3.965932663156219,
      level_probs_org: [0.1, 0.6, 0.3, 0, 0],
      level_probs: [0.1, 0.6, 0.3, 0, 0],
      std: 0.5800030247955,
      std_norm: 0.7218802606358555,
      conversations: [
        { from: 'human', value: 'What do you think about the quality of this image?\n<|image|>' },
        { from: 'gpt', value: 'The quality of the image is good.' },
      ],
    },
    { id: '2.jpg->1.5', image: 'KONIQ/images/2.jpg', gt_score: 1.5, gt_score_norm: 1.25, std: 0.5, std_norm: 0.62 },
  ]);
  await picture(at('Data-DeQA-Score/KONIQ/images/10007357496.jpg'));
  await picture(at('Data-DeQA-Score/KONIQ/images/2.jpg'));

  const distortions = at('KADIS-700K/refA_sd_brief/metas/train_dist.json');
  write(distortions, [
    { image: 'dist_imgs/a_0.png', distortion_class: 'compression', severity: 'serious' },
    { image: 'dist_imgs/b_0.png', distortion_class: 'null', severity: 'null' },
  ]);
  await picture(at('KADIS-700K/refA_sd_brief/dist_imgs/a_0.png'));
  await picture(at('KADIS-700K/refA_sd_brief/dist_imgs/b_0.png'));

  const comparison = at('DiffIQA/train_comparison.json');
  write(comparison, [
    { ref_image: 'Original/x.png', ImageA: '03/x_03.png', ImageB: '05/x_05.png', result: 'Image A' },
    { ref_image: 'Original/x.png', ImageA: '05/x_05.png', ImageB: '04/x_04.png', result: 'Similar' },
  ]);
  for (const name of ['Original/x.png', '03/x_03.png', '04/x_04.png', '05/x_05.png'])
    await picture(at('DiffIQA', name));

  // DQ-495K: one meta an image as its generator writes them, and all in one file as questions.
  const generated = at('DQ-495K/metas');
  const meta = { img_ref: 'refs/c.png', distortion_class: 'noise', distortion_name: 'noise_gaussian_RGB', severity: 3 };
  write(path.join(generated, 'c_0.json'), { ...meta, img_lq: 'c_0.png' });
  write(path.join(generated, 'd_0.json'), { img_ref: 'refs/d.png', img_lq: 'd_0.png', distortion_class: null, distortion_name: null, severity: 0 }); // prettier-ignore
  write(path.join(generated, 'e_0.json'), { ...meta, img_lq: 'e_0.png', distortion_class: 'pixelate', distortion_name: 'pixelate' }); // prettier-ignore
  for (const name of ['c_0.png', 'd_0.png', 'e_0.png']) await picture(at('DQ-495K/images', name));
  const asked = at('DQ-495K/A_sd_test.json');
  write(asked, [
    { id: 'c_0', image_ref: null, image_A: 'c_0.png', image_B: null, task_type: 'quality_single_A_noref', distortion_class: 'darken', distortion_name: 'brightness_darken_gamma_RGB', severity: 5, query: 'What?', answer: 'Low brightness' }, // prettier-ignore
  ]);

  const vlm = at('VisualQuality/RL-KADID.jsonl');
  write(
    vlm,
    [
      { id: 1, dataset_name: 'KADID-10K', image: ['I01_01_01.png'], conversations: [{ from: 'human', value: '<image> Rate.' }, { from: 'gpt', value: 4.633587786259543 }] }, // prettier-ignore
      { id: 2, dataset_name: 'KADID-10K', image: 'I01_01_02.png', conversations: [{ from: 'human', value: '<image> Rate.' }, { from: 'gpt', value: '<answer> 2.5 </answer>' }] }, // prettier-ignore
    ]
      .map((row) => JSON.stringify(row))
      .join('\n'),
  );
  for (const name of ['I01_01_01.png', 'I01_01_02.png']) await picture(at('VisualQuality', name));
  const words = at('VisualQuality/KADID.txt');
  write(words, 'I01.png I01_01_01.png 4.57 0.70\nI01.png I01_01_02.png 1.07 0.25\n');

  const koniq = at('KonIQ-10k/koniq10k_scores_and_distributions.csv');
  write(koniq, `${KONIQ_HEAD}\n"1.jpg",0,0,25,73,7,105,3.8,0.5,77.4\n"2.jpg",3,5,25,70,2,105,1.8,0.9,68.7\n"3.jpg",0,0,5,70,30,105,2.3,0.5,60.1\n`); // prettier-ignore
  write(at('KonIQ-10k/split.json'), { train: ['1.jpg', '3.jpg'], test: ['2.jpg'] });
  for (const name of ['1.jpg', '2.jpg', '3.jpg']) await picture(at('KonIQ-10k/1024x768', name));

  const spaq = at('SPAQ/Annotations/MOS and Image attribute scores.xlsx');
  mkdirSync(path.dirname(spaq), { recursive: true });
  writeSpreadsheet(spaq, [
    ['Image name', 'MOS', 'Brightness'],
    ['00001.jpg', 20, 51],
    ['00002.jpg', 70, 60],
    ['00003.jpg', 45, null],
  ]);
  for (const name of ['00001.jpg', '00002.jpg', '00003.jpg']) await picture(at('SPAQ/TestImage', name));

  const kadid = at('kadid10k/dmos.csv');
  write(kadid, 'dist_img,ref_img,dmos,var\r\nI01_01_01.png,I01.png,4.57,0.5\r\nI01_01_02.png,I01.png,1.07,0.4\r\n');
  for (const name of ['I01_01_01.png', 'I01_01_02.png']) await picture(at('kadid10k/images', name));

  const tid = at('tid2013/mos_with_names.txt');
  write(tid, '5.51429 I01_01_1.bmp.png\n0.5 i01_01_2.bmp.png\n');
  for (const name of ['I01_01_1.bmp.png', 'i01_01_2.bmp.png']) await picture(at('tid2013/distorted_images', name));

  const agiqa = at('AGIQA-3K/data.csv');
  write(agiqa, 'name,prompt,adj1,adj2,style,mos_quality,std_quality,mos_align,std_align\nAttnGAN_normal_000.jpg,"statue, man",,,,1.2,0.3,1.1,0.4\nsd_001.jpg,"a ""red"" cat",,,,3.6,0.2,3,0.5\n'); // prettier-ignore
  for (const name of ['AttnGAN_normal_000.jpg', 'sd_001.jpg']) await picture(at('AGIQA-3K', name));

  const csv = at('own/labels.csv');
  write(csv, 'image,score,std\na.png,3.9,0.5\nb.png,1.5,\n');
  const jsonl = at('own/labels.jsonl');
  write(jsonl, '{"image":"a.png","task":"score","score":3.9}\n{"image":"b.png","task":"degradation","distortion_class":"blur","severity":"slight"}\n'); // prettier-ignore
  for (const name of ['a.png', 'b.png']) await picture(at('own', name));

  return {
    deqa: source({ kind: 'deqa', file: deqa }),
    degradation: source({ kind: 'q-insight-degradation', file: distortions }),
    comparison: source({ kind: 'q-insight-comparison', file: comparison, enhancers: { '03': 'regression', '04': 'generation', '05': 'generation' } }), // prettier-ignore
    generated: source({ kind: 'dq495k', file: generated, images: at('DQ-495K/images'), otherClasses: 'leave-out' }),
    asked: source({ kind: 'dq495k', file: asked, images: at('DQ-495K/images') }),
    vlm: source({ kind: 'vlm-r1', file: vlm }),
    words: source({ kind: 'visualquality-r1', file: words }),
    koniq: source({ kind: 'koniq', file: koniq }),
    spaq: source({ kind: 'spaq', file: spaq }),
    kadid: source({ kind: 'kadid', file: kadid }),
    tid2013: source({ kind: 'tid2013', file: tid }),
    agiqa: source({ kind: 'agiqa', file: agiqa }),
    csv: source({ kind: 'csv', file: csv }),
    jsonl: source({ kind: 'jsonl', file: jsonl }),
  };
}
