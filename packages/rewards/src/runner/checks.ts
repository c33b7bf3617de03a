import type { ErrorPolicy, RunRewardsOptions } from './options.js';

/** The policy of each reward; throws when one is named that is not there. */
export function policiesOf(
  names: readonly string[],
  onError: RunRewardsOptions['onError'],
): (name: string) => ErrorPolicy {
  if (onError === undefined || typeof onError === 'string') return () => onError ?? 'fail-run';
  checkNames('an error policy', names, onError);
  return (name) => (Object.hasOwn(onError, name) ? onError[name]! : 'fail-run');
}

/** The weight of each column; throws when one is named that is not there. */
export function weightsOf(names: readonly string[], weights: RunRewardsOptions['weights'] = {}): number[] {
  checkNames('a weight', names, weights);
  for (const [name, weight] of Object.entries(weights)) {
    if (!Number.isFinite(weight))
      throw new RangeError(`runRewards: the weight of "${name}" must be finite, got ${weight}`);
  }
  return names.map((name) => (Object.hasOwn(weights, name) ? weights[name]! : 1));
}

/** Throws when a value is there twice. */
export function checkUnique(what: string, values: readonly string[]): void {
  const seen = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) throw new Error(`runRewards: the ${what} "${value}" is there twice`);
    seen.add(value);
  }
}

/** Throws when a limit makes no sense. */
export function checkLimits(options: RunRewardsOptions): void {
  const { concurrency = 1, perSecond = 1, timeout = 1, retries = 0, backoff = 0 } = options;
  const limits = {
    concurrency: [concurrency, 1],
    perSecond: [perSecond, 1e-9],
    timeout: [timeout, 1],
    retries: [retries, 0],
    backoff: [backoff, 0],
  } as const;
  for (const [name, [value, least]] of Object.entries(limits)) {
    if (!(value >= least)) throw new RangeError(`runRewards: ${name} must be at least ${least}, got ${value}`);
  }
}

function checkNames(what: string, names: readonly string[], given: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(given)) {
    if (!names.includes(name))
      throw new Error(`runRewards: ${what} is given for "${name}", the rewards are ${names.join(', ')}`);
  }
}
