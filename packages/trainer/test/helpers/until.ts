import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition: long enough for a slow machine, and less than a test may take. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 150_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`it did not come to pass within 150 s: ${String(condition)}`);
    await sleep(5);
  }
}
