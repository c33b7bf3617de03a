import { checkSet, type CheckOptions, type Finding, type NamedSource, type SetCheck } from './check-set.js';

/** Options of {@link checkAll}. */
export interface CheckAllOptions extends Omit<CheckOptions, 'onProgress'> {
  /** Told how many images of a set have been read. */
  readonly onProgress?: (name: string, done: number, total: number) => void;
}

/** Checks several sources, and that no image is both trained on and judged by: the same file under any name is a leak. */
export async function checkAll(sources: readonly NamedSource[], options: CheckAllOptions = {}): Promise<SetCheck[]> {
  const { onProgress, ...rest } = options;
  const checks: SetCheck[] = [];
  for (const named of sources) {
    const tell = onProgress && ((done: number, total: number) => onProgress(named.name, done, total));
    checks.push(await checkSet(named, { ...rest, ...(tell && { onProgress: tell }) }));
  }
  const trained = new Map<string, string>();
  for (const { side, hashes } of checks) {
    if (side === 'train') for (const [hash, place] of hashes) trained.set(hash, trained.get(hash) ?? place);
  }
  return checks.map((check) => {
    if (check.side === 'train') return check;
    const leaks = [...check.hashes].flatMap(([hash, place]): Finding[] => {
      const from = trained.get(hash);
      return from === undefined ? [] : [{ kind: 'leak', text: `${place} is also trained on: ${from}` }];
    });
    return { ...check, findings: [...check.findings, ...leaks] };
  });
}
