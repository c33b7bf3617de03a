import { type GrpoOptions, type KlOptions, type PolicyLossOptions, type PresetName, presets } from '../../src/index.js';

/** Options of a policy loss; another type replaces the preset's loss. */
export type PolicyChanges = { readonly type?: PolicyLossOptions['type'] } & Readonly<Record<string, unknown>>;

/** What a case changes about a preset; a member that is undefined changes nothing. */
export interface Changes extends Omit<GrpoOptions, 'policy' | 'aggregation'> {
  readonly policy?: PolicyChanges;
  readonly kl?: KlOptions;
  readonly aggregation?: Partial<GrpoOptions['aggregation']>;
}

/** The loss of a preset with a case's own settings over it. */
export function lossOf(name: PresetName, changes: Changes = {}): GrpoOptions {
  const { loss } = presets[name];
  const { policy = {}, kl = {}, aggregation = {}, ...rest } = changes;
  const another = policy.type !== undefined && policy.type !== loss.policy?.type;
  return {
    ...loss,
    ...stated(rest),
    policy: { ...(another ? {} : loss.policy), ...stated(policy) },
    kl: { ...loss.kl, ...stated(kl) },
    aggregation: { mode: 'token-mean', ...loss.aggregation, ...stated(aggregation) },
  };
}

function stated<T extends object>(settings: T): Partial<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<T>;
}
