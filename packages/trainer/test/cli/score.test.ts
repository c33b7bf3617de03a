import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { saveModel } from '../../src/checkpoints.js';
import { chooseCheckpoint, openCheckpoint } from '../../src/cli/checkpoint.js';
import { realParts } from '../../src/cli/real-parts.js';
import { scorePhotos, verdictOf } from '../../src/cli/score.js';
import type { Parts } from '../../src/cli/parts.js';
import { writeRunSettings } from '../../src/config/run-folder.js';
import { createTfjsPolicy } from '../../src/policies/tfjs/index.js';
import { fakePolicy } from '../fake-policy.js';
import { fakeSettings } from '../fake-run.js';
import { temporaryFolder } from '../helpers/temporary.js';
import { goldenPath } from '../helpers/golden.js';

/** Answers by task, and keeps what it was shown. */
function talkingParts() {
  const shown: string[] = [];
  const opened: unknown[] = [];
  const parts: Parts = {
    openDataset: () => Promise.reject(new Error('unused')),
    checkMemory: () => Promise.resolve(),
    fingerprint: () => ({}),
    openPolicy: (model) => {
      opened.push(model);
      return Promise.resolve({
        ...fakePolicy(),
        sample: (prompts) =>
          Promise.resolve(
            prompts.map(({ id, messages }) => {
              for (const part of messages.at(-1)!.content) {
                if (typeof part === 'object' && part.type === 'image')
                  shown.push(`${part.image.width}x${part.image.height}`);
              }
              const text = id.startsWith('score')
                ? '<answer>{"rating": 2.5}</answer>'
                : '<answer>{"distortion_class": "noise", "severity": "slight"}</answer>';
              return [{ tokens: [1], samplerLogps: [0], text, finishReason: 'stop' as const }];
            }),
          ),
      });
    },
  };
  return { parts, shown, opened };
}

const folder = temporaryFolder();
const photo = join(folder, 'photo.png');
const small = join(folder, 'small.jpg');
beforeAll(async () => {
  const noise = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7919) % 256));
  await sharp(noise(200 * 150 * 3), { raw: { width: 200, height: 150, channels: 3 } })
    .png()
    .toFile(photo);
  await sharp(noise(50 * 60 * 3), { raw: { width: 50, height: 60, channels: 3 } })
    .jpeg()
    .toFile(small);
});

describe('score', () => {
  test('a model trained on crops is shown crops of a large photograph and all of a small one', async () => {
    const run = temporaryFolder();
    writeRunSettings(run, fakeSettings());
    await saveModel(run, 'final', { version: 1, step: 1, steps: 1, seed: 0, settingsHash: '' }, () =>
      Promise.resolve(),
    );
    const { parts, shown, opened } = talkingParts();
    const results = await scorePhotos([photo, small], { checkpoint: run, crops: '3' }, parts);
    expect(shown).toEqual([...Array<string>(6).fill('112x112'), '50x60', '50x60']);
    expect(opened).toMatchObject([{ checkpoint: join(run, 'final'), train: 'full' }]);
    expect(results.map((result) => result.photo)).toEqual([photo, small]);
    expect(results[0]!.verdict).toMatchObject({ rating: 2.5, distortionClass: 'noise', level: 'slight' });
  });

  test('another checkpoint is shown the whole photograph', async () => {
    const { parts, shown } = talkingParts();
    await scorePhotos([photo], { checkpoint: temporaryFolder(), crops: '3' }, parts);
    expect(shown).toEqual(['200x150', '200x150']);
  });

  /** An adapter that belongs to no run, as PEFT wrote it but for some fields. */
  function adapterFolder(changes: object): string {
    const adapter = temporaryFolder();
    cpSync(goldenPath('peft', 'rslora_r4_a6'), adapter, { recursive: true });
    const file = join(adapter, 'adapter_config.json');
    const config = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...config, ...changes }));
    writeFileSync(join(adapter, 'fake.json'), JSON.stringify({ logits: [], updates: 0 }));
    return adapter;
  }

  const base = goldenPath('vlm', 'tied_fp32');
  test.each([
    ['a pattern', '.*language_model.*\\.(q_proj|v_proj)'],
    ['a list', ['q_proj', 'v_proj']],
  ])('an adapter is put on the model it was trained on; its targets are given by %s', async (_, targets) => {
    const adapter = adapterFolder({ base_model_name_or_path: base, target_modules: targets });
    const { parts, opened } = talkingParts();
    await scorePhotos([small], { checkpoint: adapter, crops: '1' }, parts);
    expect(opened).toMatchObject([{ checkpoint: base, train: 'lora', lora: { rank: 4, alpha: 6 } }]);
  });

  test('an adapter whose model is not known or not there says so', async () => {
    const { parts } = talkingParts();
    const ask = (base: unknown) =>
      scorePhotos([small], { checkpoint: adapterFolder({ base_model_name_or_path: base }), crops: '1' }, parts);
    await expect(ask(null)).rejects.toThrow(/adapter_config\.json: field "base_model_name_or_path": missing; it must/);
    await expect(ask('some/model')).rejects.toThrow(/"base_model_name_or_path": no such folder: some\/model/);
  });

  test('an adapter that was trained here opens when it is moved out of its run', async () => {
    const policy = await createTfjsPolicy({
      checkpoint: base,
      train: 'lora',
      lora: { rank: 2, scaling: 'sqrt-rank' },
      seed: 'a',
    });
    const moved = join(temporaryFolder(), 'moved');
    await policy.save(moved);
    policy.dispose();
    const again = await openCheckpoint(chooseCheckpoint(moved), realParts);
    again.dispose();
  });

  test('a bad photograph or checkpoint is named before any model is opened', async () => {
    const { parts, opened } = talkingParts();
    const broken = join(folder, 'broken.jpg');
    writeFileSync(broken, 'not a picture');
    await expect(scorePhotos([photo, broken], { checkpoint: folder, crops: '1' }, parts)).rejects.toThrow(
      /broken\.jpg/,
    );
    await expect(scorePhotos([photo], { checkpoint: 'nowhere', crops: '1' }, parts)).rejects.toThrow(
      'nowhere: no such checkpoint folder',
    );
    await expect(scorePhotos([photo], { checkpoint: folder, crops: '0' }, parts)).rejects.toThrow('--crops: expected');
    expect(opened).toEqual([]);
  });
});

describe('verdictOf', () => {
  const said = (name: string, level: string) =>
    `<answer>{"distortion_class": "${name}", "severity": "${level}"}</answer>`;

  test('rating: the mean; class: the most frequent; level: the most frequent of that class', () => {
    const degradation = [
      said('blur', 'slight'),
      said('noise', 'serious'),
      said('noise', 'obvious'),
      said('noise', 'obvious'),
    ];
    const score = ['<answer>{"rating": 2}</answer>', 'nothing', '<answer>{"rating": 3}</answer>'];
    expect(verdictOf({ score, degradation })).toEqual({
      rating: 2.5,
      distortionClass: 'noise',
      level: 'obvious',
      answers: [degradation[2], score[0]],
    });
  });

  test('what cannot be read is left open, with the answer to look at', () => {
    expect(verdictOf({ score: ['hm'], degradation: ['ah'] })).toEqual({
      rating: undefined,
      distortionClass: undefined,
      level: undefined,
      answers: ['ah', 'hm'],
    });
  });
});
