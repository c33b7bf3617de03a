import { DISTORTION_CLASSES, LEVELS } from '@q-insight/rewards';
import { z } from 'zod';

/** A label as files hold it. */
export const labelSchema = z.discriminatedUnion('task', [
  z.strictObject({
    task: z.literal('score'),
    score: z.number().min(1).max(5),
    std: z.number().min(0).exactOptional(),
    proxy: z.literal(true).exactOptional(),
  }),
  z.strictObject({
    task: z.literal('degradation'),
    distortionClass: z.enum(DISTORTION_CLASSES),
    level: z.enum([...LEVELS, 'null']),
  }),
  z.strictObject({ task: z.literal('comparison'), better: z.enum(['Image A', 'Image B', 'Similar']) }),
]);
