import { checkFinite, checkLength, fail } from '../checks.js';

/** Running mean reward of each role; plain data, to be saved with a checkpoint. */
export type RoleBaselines = Readonly<Record<string, number>>;

/** What {@link roleAdvantages} returns. */
export interface RoleAdvantages {
  /** [B] */
  readonly advantages: Float64Array;
  /** For the next call. */
  readonly baselines: RoleBaselines;
}

/** Options of {@link roleAdvantages}. */
export interface RoleOptions {
  /** How much of the old baseline is kept at each completion, in [0, 1). @defaultValue 0.95 */
  readonly decay?: number | undefined;
}

/**
 * Advantage over a running mean of the role's rewards (role-conditioned advantage estimation), for agents of different roles
 * that never answer the same prompt twice.
 *
 * Aᵢ = rᵢ − b_role, then b_role ← d · b_role + (1 − d) · rᵢ; a role not seen before starts at b = 0
 *
 * See SPIRAL, arXiv 2506.24119; prime-rl.
 *
 * To compare only within roles (hierarchical GRPO), give {@link groupAdvantages} ids made of prompt and role.
 *
 * @param rewards - [B]; null and NaN get advantage 0 and leave the baseline alone.
 * @param roles - [B]
 * @param baselines - as this function returned them last time; not changed.
 * @throws RangeError for unequal lengths, a decay outside [0, 1), or a baseline that is not finite.
 * @example
 * ```ts
 * const first = roleAdvantages([1, 1], ['judge', 'judge'], {}, { decay: 0.5 });
 * // first.advantages: [1, 0.5], first.baselines: { judge: 0.75 }
 * ```
 */
export function roleAdvantages(
  rewards: ArrayLike<number | null | undefined>,
  roles: ArrayLike<string>,
  baselines: RoleBaselines = {},
  options: RoleOptions = {},
): RoleAdvantages {
  const where = 'roleAdvantages';
  const { decay = 0.95 } = options;
  if (!(decay >= 0 && decay < 1)) fail(where, 'decay', 'be in [0, 1)', decay);
  checkLength(where, 'roles', roles.length, rewards.length);
  for (const [role, baseline] of Object.entries(baselines)) checkFinite(where, `baselines.${role}`, baseline);
  const next: Record<string, number> = { ...baselines };
  const advantages = new Float64Array(rewards.length);
  for (let i = 0; i < rewards.length; i++) {
    const reward = rewards[i] ?? NaN;
    if (Number.isNaN(reward)) continue;
    if (!Number.isFinite(reward)) fail(where, 'rewards', `be finite or null, at [${i}]`, reward);
    const baseline = next[roles[i]!] ?? 0;
    advantages[i] = reward - baseline;
    next[roles[i]!] = decay * baseline + (1 - decay) * reward;
  }
  return { advantages, baselines: next };
}
