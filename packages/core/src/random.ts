// the generator alone: the package's own entry brings five others along, 7 kB of them
import seedrandom from 'seedrandom/seedrandom.js';

/** @internal Numbers in [0, 1), the same for the same seed. */
export const seeded = (seed: string): (() => number) => seedrandom(seed);
