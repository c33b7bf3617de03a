import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { saveFinal } from '../../src/checkpoints.js';
import { scorePhotos, verdictOf } from '../../src/cli/score.js';
import type { Parts } from '../../src/cli/parts.js';
import { writeRunSettings } from '../../src/config/run-folder.js';
import { fakePolicy } from '../fake-policy.js';
import { fakeSettings, temporaryFolder } from '../fake-run.js';

/** Answers by task, and keeps what it was shown. */
function talkingParts() {
  const shown: string[] = [];
  const opened: unknown[] = [];
  const parts: Parts = {
    openDataset: () => ({ length: 0, get: () => Promise.reject(new Error('unused')) }),
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
    await saveFinal(run, { version: 1, step: 1, steps: 1, seed: 0, settingsHash: '' }, () => Promise.resolve());
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

  test('an adapter is put on the model it was trained on', async () => {
    const adapter = temporaryFolder();
    const config = { base_model_name_or_path: 'base/model', r: 4, lora_alpha: 8, target_modules: ['q_proj'] };
    writeFileSync(join(adapter, 'adapter_config.json'), JSON.stringify(config));
    writeFileSync(join(adapter, 'fake.json'), JSON.stringify({ logits: [], updates: 0 }));
    const { parts, opened } = talkingParts();
    await scorePhotos([small], { checkpoint: adapter, crops: '1' }, parts);
    expect(opened).toMatchObject([
      { checkpoint: 'base/model', train: 'lora', lora: { rank: 4, alpha: 8, targets: ['q_proj'] } },
    ]);
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
