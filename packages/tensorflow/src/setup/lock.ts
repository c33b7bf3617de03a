import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Runs `work` while no other setup works in `folder`. A lock whose process is gone is taken over. */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const file = join(folder, 'setup.lock');
  const owner = lockOwner(file);
  if (owner !== undefined) throw new Error(`setup: process ${owner} is setting up ${folder} already`);
  writeFileSync(file, String(process.pid));
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function lockOwner(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    process.kill(pid, 0); // signal 0 only asks whether it lives
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? Number(readFileSync(file, 'utf8')) : undefined;
  }
}
