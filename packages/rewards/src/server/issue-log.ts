import type { RewardIssue } from '../runner/table.js';

/** Tells of rewards that failed. */
export type IssueLog = (issues: readonly RewardIssue[]) => void;

const PAUSE = 1000;

/** Writes the first failure of each reward in a second, with how many were passed over since the last line. */
export function openIssueLog(write: (line: string) => void): IssueLog {
  const lines = new Map<string, { next: number; skipped: number }>();
  return (issues) => {
    for (const { reward, message } of issues) {
      const line = lines.get(reward) ?? { next: 0, skipped: 0 };
      lines.set(reward, line);
      const now = performance.now();
      if (now < line.next) {
        line.skipped += 1;
        continue;
      }
      write(line.skipped === 0 ? message : `${message} (and ${line.skipped} more since the last line)`);
      line.next = now + PAUSE;
      line.skipped = 0;
    }
  };
}
