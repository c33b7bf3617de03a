// Writes what our model says of a few held-out crops: prompt, greedy answer, and log-probs, for check.py to compare.
//
//   npx tsx --conditions=@q-insight/source tools/transformers/dump.ts CHECKPOINT OUT
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { readSplit } from '../../packages/trainer/src/data/photos.js';
import { syntheticDegradations } from '../../packages/trainer/src/data/synthetic.js';
import { LITE_LADDER } from '../../packages/trainer/src/images/degradations/dq495k.js';
import { createTfjsPolicy } from '../../packages/trainer/src/policies/tfjs/index.js';

const [checkpoint, out] = process.argv.slice(2);
if (checkpoint === undefined || out === undefined) throw new Error('usage: dump.ts CHECKPOINT OUT');
mkdirSync(out, { recursive: true });

const folder = 'examples/photos';
const photos = readSplit(folder, 'heldOut');
const dataset = syntheticDegradations({
  folder,
  photos,
  size: 8,
  seed: 'parity',
  functions: LITE_LADDER,
  cropSize: 112,
  style: 'short',
});
const policy = await createTfjsPolicy({ checkpoint, train: 'full', seed: 'parity' });
const cases = [];
for (let index = 0; index < dataset.length; index++) {
  const prompt = await dataset.get(index);
  const [[answer] = []] = await policy.sample([prompt], {
    groupSize: 1,
    maxTokens: 64,
    temperature: 0,
    seed: 'parity',
  });
  if (answer === undefined) throw new Error('no answer');
  const logps = await policy.logprobs([{ prompt, completion: answer.tokens }]);
  const messages = [];
  for (const { role, content } of prompt.messages) {
    if (typeof content === 'string') messages.push({ role, content });
    else {
      const parts = [];
      for (const part of content) {
        if (part.type === 'text') parts.push(part);
        else {
          const file = path.join(out, `${index}.png`);
          const { width, height, data } = part.image;
          await sharp(data, { raw: { width, height, channels: 3 } })
            .png()
            .toFile(file);
          parts.push({ type: 'image', image: file });
        }
      }
      messages.push({ role, content: parts });
    }
  }
  cases.push({ messages, completion: answer.tokens, text: answer.text, logps: Array.from(logps.data) });
}
policy.dispose();
writeFileSync(path.join(out, 'cases.json'), JSON.stringify(cases));
