import { papers } from './papers.js';
import type { Preset } from './preset.js';
import { systems } from './systems.js';

/** Names of {@link presets}. */
export type PresetName = keyof typeof systems | keyof typeof papers;

/**
 * Each epsilon, degree of freedom and denominator of a system or a paper. Change one by spreading:
 * `{ ...presets.trl.loss, kl: { ...presets.trl.loss.kl, coefficient: 0.04 } }`.
 *
 * Systems are checked against their outputs (docs/parity.md):
 *
 * - `q-insight`: the released training code of Q-Insight (arXiv 2503.22679) with its scripts' β = 0.001.
 * - `trl`: TRL 1.16, all defaults (`loss_type: "dapo"`, β = 0); `trl-grpo`, `trl-dr-grpo`, `trl-cispo`, `trl-sapo`, `trl-luspo`,
 *   `trl-vespo` are its other loss types.
 * - `verl`: verl 0.9 with its GRPO example's KL loss (k3, β = 0.001) and dual clip 3.
 * - `openrlhf`: `group_norm`; its default KL is in the reward: see `tokenRewards`.
 * - `ms-swift`, `easyr1`, `skyrl`, `open-instruct`, `liger`, `tinker-cookbook`: their GRPO defaults.
 * - `prime-rl`: its drift term is taken from the sampler: give the sampler's log-probabilities as `oldLogps` and `refLogps`.
 *
 * Papers (docs/papers.md): `grpo`, `dapo`, `dr-grpo`, `lite-ppo`, `rloo`, `gspo`, `gspo-token`, `cispo`, `sapo`, `gmpo`, `luspo`, `vespo`,
 * `gpg`, `kl-cov`, `dual-clip`, `two-sided`, `80-20` (needs `entropies`). With `dr-grpo` and `trl-dr-grpo` set `aggregation.length` to
 * the longest completion allowed.
 */
export const presets: Readonly<Record<PresetName, Preset>> = { ...systems, ...papers };
