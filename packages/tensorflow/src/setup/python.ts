import { spawnSync } from 'node:child_process';

/** Runs the active Python; undefined when there is none or it fails. */
export function runPython(args: readonly string[], stdio: 'pipe' | 'inherit' = 'pipe'): string | undefined {
  for (const python of ['python3', 'python']) {
    const { status, stdout, error } = spawnSync(python, args, {
      encoding: 'utf8',
      env: process.env,
      stdio: ['ignore', stdio === 'pipe' ? 'pipe' : 2, stdio === 'pipe' ? 'ignore' : 2],
    });
    if (!error) return status === 0 ? stdout : undefined;
  }
  return undefined;
}

/** A TensorFlow that pip installed. */
export interface InstalledTensorflow {
  readonly version: string;
  /** The package's folder. */
  readonly folder: string;
}

const FIND_TENSORFLOW = `
import importlib.util, importlib.metadata as metadata, json
spec = importlib.util.find_spec('tensorflow')
for name in ('tensorflow', 'tensorflow-cpu', 'tensorflow-gpu'):
    try: version = metadata.version(name)
    except metadata.PackageNotFoundError: continue
    print(json.dumps({'version': version, 'folder': spec.submodule_search_locations[0]}))
    break
`;

/** The TensorFlow of the active Python, found without importing it. */
export function findInstalledTensorflow(): InstalledTensorflow | undefined {
  const output = runPython(['-c', FIND_TENSORFLOW])?.trim();
  return output ? (JSON.parse(output) as InstalledTensorflow) : undefined;
}
