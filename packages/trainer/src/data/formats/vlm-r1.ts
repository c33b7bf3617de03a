import { readScore } from '@q-insight/rewards';
import { z } from 'zod';
import { jsonLines } from '../files/json.js';
import { DataProblem } from '../files/problem.js';
import { eachRow } from './each.js';
import { imagePath, readNumber } from './fields.js';
import type { RawScore } from './score-scale.js';

const schema = z.object({
  image: z.union([imagePath, z.array(imagePath).length(1)]),
  conversations: z.tuple([
    z.object({ from: z.literal('human'), value: z.string() }),
    z.object({ from: z.literal('gpt'), value: z.union([z.number(), z.string()]) }),
  ]),
});

/**
 * Label files of VLM-R1 and VisualQuality-R1 (arXiv 2505.14460): one `{"image": ["a.png"], "conversations": [{"from":
 * "human", …}, {"from": "gpt", "value": 4.63}]}` a line. The value is a number, text with one, or an answer in tags. The
 * question in the file is not asked: all sets get the same one.
 */
export const vlmR1Rows = (file: string): Generator<RawScore | DataProblem> =>
  eachRow(
    file,
    jsonLines(file),
    () => schema,
    ({ image, conversations }, row) => {
      const { value } = conversations[1];
      const score = scoreOf(value);
      if (score === undefined) {
        return new DataProblem(file, row, 'conversations.1.value', `must hold a number, got ${JSON.stringify(value)}`);
      }
      return { task: 'score', row, image: typeof image === 'string' ? image : image[0]!, score };
    },
  );

function scoreOf(value: number | string): number | undefined {
  const plain = readNumber(typeof value === 'string' ? value.trim() : value);
  if (plain !== undefined || typeof value === 'number') return plain;
  const inTags = /<answer>\s*([^<]*?)\s*<\/answer>/.exec(value);
  if (inTags && readNumber(inTags[1]) !== undefined) return readNumber(inTags[1]);
  const reading = readScore(value);
  return 'value' in reading ? reading.value : undefined;
}
