import { randomUUID } from 'node:crypto';

const prefix = `compiled_${randomUUID().replaceAll('-', '')}`;
let count = 0;

/** A name for a registered function. XLA remembers programs by name for as long as the process lives, so none comes twice. */
export const uniqueName = (): string => `${prefix}_${count++}`;
