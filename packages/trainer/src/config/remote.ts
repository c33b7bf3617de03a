import { z } from 'zod';
import { positive } from './fields.js';

/** A server that trains the model in place of this process, by the Tinker protocol. Its key is in TINKER_API_KEY. */
export const remoteTraining = z.strictObject({
  /** Where it is, without `/api/v1`. */
  url: z.url({ protocol: /^https?$/ }),
  /** The model by the name the server knows it by. @defaultValue the only one there is */
  baseModel: z.string().min(1).optional(),
  /** How the server makes one loss of many tokens. @defaultValue 'detect' */
  reduction: z.enum(['detect', 'sum', 'mean']).default('detect'),
  /** How passes are sent; servers of before August 2026 may take JSON alone. @defaultValue 'protobuf' */
  encoding: z.enum(['protobuf', 'json']).default('protobuf'),
  /** How long to wait when the server cannot be reached. @defaultValue 10 */
  outageMinutes: positive().default(10),
  /**
   * How often the run goes on from its last checkpoint by itself when the server has lost the model, as one that was started again
   * has: so often in a row, without a newer checkpoint between. 0 ends the run. @defaultValue 3
   */
  recoveries: z.int().min(0).default(3),
});
