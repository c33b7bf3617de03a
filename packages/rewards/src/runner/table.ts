/** Rewards of a batch. Rows follow the samples, columns the rewards. */
export interface RewardTable {
  /** Names of the rewards, one a column. */
  readonly names: string[];
  /** Ids of the samples, one a row. */
  readonly ids: string[];
  /** `[sample][reward]`; `null` where the reward does not apply. */
  readonly values: (number | null)[][];
  /** Weighted sum of the row's values that are not `null`; `null` when all are. */
  readonly totals: (number | null)[];
}

/** A call that gave no reward. */
export interface RewardIssue {
  /** Name of the reward. */
  readonly reward: string;
  /** Ids of the samples it was called with. */
  readonly samples: readonly string[];
  /** 'error': it threw; 'timeout': it took too long; 'value': it gave something that is no reward, or not for every sample. */
  readonly kind: 'error' | 'timeout' | 'value';
  /** What happened, naming reward and sample. */
  readonly message: string;
  /** What it threw, when it threw. */
  readonly cause?: unknown;
}

/** How one reward did in a run. */
export interface RewardMetrics {
  /** Mean of the values; NaN when there are none. */
  readonly mean: number;
  /** Standard deviation of the values, with divisor n. */
  readonly std: number;
  /** Samples the reward does not apply to, or that lost it to an issue. */
  readonly nulls: number;
  /** Calls that ended in an issue, timeouts aside. */
  readonly errors: number;
  /** Calls that took too long. */
  readonly timeouts: number;
  /** Calls that were tried again. */
  readonly retries: number;
  /** Values taken from the cache. */
  readonly cached: number;
  /** Calls that were made, tries of one counted as one. */
  readonly calls: number;
  /** Mean time of a call, in milliseconds. */
  readonly latency: number;
}

/** A reward table with what went on while it was made. */
export interface RewardReport extends RewardTable {
  /** Every call that gave no reward. */
  readonly issues: RewardIssue[];
  /** By reward name. */
  readonly metrics: Readonly<Record<string, RewardMetrics>>;
}
