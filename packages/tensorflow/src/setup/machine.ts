import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';

/** What of a machine decides whether the library runs on it. */
export interface Machine {
  readonly platform: string;
  readonly architecture: string;
  /** Absent with other C libraries, such as musl. */
  readonly glibc: string | undefined;
  /** Instruction sets of the first core. */
  readonly cpuFlags: ReadonlySet<string>;
}

/** Reads this machine. */
export function thisMachine(): Machine {
  const { platform, arch: architecture } = process;
  if (platform !== 'linux') return { platform, architecture, glibc: undefined, cpuFlags: new Set() };
  const report = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  return { platform, architecture, glibc: report.header.glibcVersionRuntime, cpuFlags: new Set(flags.split(' ')) };
}

/** Why TensorFlow's wheels do not run on a machine, in one line; undefined when they do. */
export function unsupportedReason({ platform, architecture, glibc, cpuFlags }: Machine): string | undefined {
  if (platform !== 'linux' || architecture !== 'x64') {
    return `needs Linux on x86-64, this is ${platform} on ${architecture}; the wasm backend works here`;
  }
  if (glibc === undefined) return 'needs a Linux with glibc 2.27 or later (musl, as in Alpine, will not do)';
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  if (major < 2 || (major === 2 && minor < 27)) return `needs glibc 2.27 or later, this machine has ${glibc}`;
  if (!cpuFlags.has('avx')) return 'needs a processor with AVX, which this one lacks';
  return undefined;
}

/** The first C++ compiler that answers: `$CXX`, g++, c++, clang++. */
export function findCompiler(environment: NodeJS.ProcessEnv = process.env): string {
  const candidates = [environment['CXX'], 'g++', 'c++', 'clang++'].filter((name) => name !== undefined && name !== '');
  for (const candidate of candidates as string[]) {
    if (spawnSync(candidate, ['--version'], { env: environment, stdio: 'ignore' }).status === 0) return candidate;
  }
  throw new Error(`setup: no C++ compiler (tried ${candidates.join(', ')}); on Debian or Ubuntu: apt install g++`);
}

/** Throws when the disk that holds `folder` has less than `bytes` left. */
export async function checkDiskSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const gigabytes = (n: number): string => `${(n / 1e9).toFixed(1)} GB`;
  if (free < bytes) throw new Error(`setup: ${folder} needs ${gigabytes(bytes)} of disk, ${gigabytes(free)} are left`);
}
