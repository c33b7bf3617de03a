import type { GroupId } from './types.js';

/** What the weights depend on beyond a row's own mask. Counts of micro-batches or ranks add up. */
export interface AggregationCounts {
  /** Tokens with mask 1. */
  readonly tokens: number;
  /** Rows. */
  readonly sequences: number;
  /** Rows with mask 1 somewhere. */
  readonly filledSequences: number;
  /** Groups with mask 1 somewhere, for 'prompt-mean'. */
  readonly filledGroups?: number | undefined;
}

/** Options of `aggregationWeights`. */
export interface AggregationOptions {
  /** Whether a row without any counted token is part of S. TRL counts it, verl skips it. @defaultValue 'skip' */
  readonly emptySequences?: 'skip' | 'count' | undefined;
  /** Divisor of mode 'constant': the longest completion allowed. @defaultValue T */
  readonly length?: number | undefined;
  /** [B] group of each row, for 'prompt-mean'. Parts of a batch must then hold whole groups. */
  readonly groups?: ArrayLike<GroupId> | undefined;
  /** Counts of the whole batch when `mask` is a part of it. @defaultValue the counts of `mask` */
  readonly counts?: AggregationCounts | undefined;
}
