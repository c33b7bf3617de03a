import type { RewardReport } from '../runner/table.js';
import type { SentSample } from './read-samples.js';
import type { RewardSet } from './reward-set.js';

/** A protocol that rewards are asked by: what its request holds, and what its reply looks like. */
export interface Face<Body = never> {
  readonly path: string;
  /** JSON schema of the body. */
  readonly body: object;
  /** The samples in the body. */
  readonly read: (body: Body) => readonly SentSample[];
  /** The reply as JSON; `text` is the body as it came. */
  readonly reply: (report: RewardReport, asked: { body: Body; text: string; set: RewardSet }) => string;
  /** For the OpenAPI document. */
  readonly summary: string;
  /** JSON schema of the reply. */
  readonly result: object;
}
