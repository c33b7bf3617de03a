import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DTYPE_BYTES, decodeInto, encodeBfloat16, type Dtype } from './dtypes.js';
import { fileProblem, readJson } from './files.js';

/** A tensor's name and shape. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a file's header says of a tensor. */
export interface TensorInfo extends TensorSpec {
  readonly dtype: Dtype;
  /** The file that holds it. */
  readonly path: string;
  /** First byte in the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** Tensors of one safetensors file, or of all shards of an index. Nothing is held in memory but the headers. */
export interface TensorFile {
  /** The file that was opened: error messages name it. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * One tensor as float32, row-major. Takes F64, F32, F16, BF16 and the integers that float32 holds exactly
   * (I8, U8, I16, BOOL).
   *
   * @throws Error when there is no such tensor, its type is another, or the file ends early.
   */
  readonly read: (name: string) => Promise<Float32Array>;
  /**
   * Rows of a tensor as the bits of bfloat16, row-major; what is not stored as BF16 is rounded. A row is all that has the
   * same first index.
   *
   * @throws Error as `read`
   */
  readonly readBfloat16: (name: string, first: number, count: number) => Promise<Uint16Array>;
  /** One integer tensor (I64, I32, I16, I8, U8, BOOL) as int32. @throws Error as `read`, and past int32. */
  readonly readIntegers: (name: string) => Promise<Int32Array>;
}

const HEADER_LIMIT = 100_000_000; // the reference implementation's cap: a longer header is an attack or not a header
const CHUNK_BYTES = 1 << 24; // a multiple of every element size

/** Reads `bytes.length` bytes at `position`. @returns how many there were. */
async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Checks one header entry. `dataStart` is where the tensors begin in the file. */
function tensorInfo(path: string, name: string, entry: unknown, dataStart: number): TensorInfo {
  const fail = (problem: string): never => {
    throw new Error(`${path}: tensor "${name}": ${problem}`);
  };
  if (typeof entry !== 'object' || entry === null) return fail('its header entry is not an object');
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPE_BYTES, dtype))
    return fail(`unsupported dtype ${JSON.stringify(dtype)}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) return fail(`malformed shape ${JSON.stringify(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return fail(`malformed data_offsets ${JSON.stringify(offsets)}`);
  const [begin, end] = offsets as [number, number];
  const byteLength = shape.reduce((product: number, size) => product * size, 1) * DTYPE_BYTES[dtype as Dtype];
  if (end - begin !== byteLength)
    return fail(`${dtype} [${shape.join(', ')}] needs ${byteLength} bytes, data_offsets give ${end - begin}`);
  return { name, dtype: dtype as Dtype, shape, path, offset: dataStart + begin, byteLength };
}

/** Tensors must fill the data part without holes or overlap: anything else is a damaged file. */
function checkLayout(path: string, tensors: readonly TensorInfo[], dataStart: number, fileSize: number): void {
  let position = dataStart;
  for (const tensor of [...tensors].sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength)) {
    if (tensor.offset + tensor.byteLength > fileSize)
      throw new Error(
        `${path}: truncated: tensor "${tensor.name}" ends at byte ${tensor.offset + tensor.byteLength}, ` +
          `the file has ${fileSize}`,
      );
    if (tensor.offset !== position) {
      const cause = tensor.offset > position ? 'a tensor may be missing before it' : 'it overlaps the one before it';
      throw new Error(
        `${path}: tensor "${tensor.name}" starts at byte ${tensor.offset}, expected ${position}: ${cause}`,
      );
    }
    position += tensor.byteLength;
  }
  if (position !== fileSize)
    throw new Error(`${path}: ${fileSize - position} bytes after the last tensor belong to none`);
}

async function readHeader(
  path: string,
  file: FileHandle,
): Promise<{ tensors: TensorInfo[]; metadata: Record<string, string> }> {
  const { size } = await file.stat();
  const prefix = new Uint8Array(8);
  if ((await readFully(file, prefix, 0)) < 8)
    throw new Error(`${path}: truncated: ${size} bytes, too few for a header`);
  const length = Number(new DataView(prefix.buffer).getBigUint64(0, true));
  if (length > HEADER_LIMIT) throw new Error(`${path}: not a safetensors file: header length ${length}`);
  const bytes = new Uint8Array(Math.min(length, size));
  if ((await readFully(file, bytes, 8)) < length)
    throw new Error(`${path}: truncated: the header needs ${length} bytes, the file has ${size - 8}`);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error(`${path}: not a safetensors file: the header is not JSON`, { cause: error });
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw new Error(`${path}: not a safetensors file: the header is not an object`);
  const entries = Object.entries(header);
  const tensors = entries
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => tensorInfo(path, name, entry, 8 + length));
  checkLayout(path, tensors, 8 + length, size);
  const metadata = entries.find(([name]) => name === '__metadata__')?.[1] as Record<string, string> | undefined;
  return { tensors, metadata: metadata ?? {} };
}

/** Opens a file for the time of one use: no handle outlives a call, so nothing needs closing. */
async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw new Error(`${path}: ${fileProblem(error)}`, { cause: error });
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Fills `bytes` from the tensor's byte `position` on. */
async function readPart(file: FileHandle, info: TensorInfo, bytes: Uint8Array, position: number): Promise<void> {
  if ((await readFully(file, bytes, info.offset + position)) < bytes.length)
    throw new Error(`${info.path}: truncated inside tensor "${info.name}"`);
}

/**
 * Fills `out` with a tensor's elements from `start` on, in chunks, so that beside the result only one chunk is in memory.
 */
async function readTensor<T extends Float32Array | Int32Array>(info: TensorInfo, out: T, start = 0): Promise<T> {
  const size = DTYPE_BYTES[info.dtype];
  const total = out.length * size;
  return withFile(info.path, async (file) => {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, total));
    for (let done = 0; done < total; done += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, total - done));
      await readPart(file, info, chunk, start * size + done);
      decodeInto(info.dtype, chunk, out, done / size);
    }
    return out;
  });
}

/** Rows of a tensor in bfloat16. */
async function readRows(info: TensorInfo, first: number, count: number): Promise<Uint16Array> {
  const [rows = 1] = info.shape;
  const columns = elementCount(info) / rows;
  if (!(first >= 0 && first + count <= rows)) {
    throw new RangeError(`${info.path}: tensor "${info.name}" has ${rows} rows, asked for ${count} from ${first}`);
  }
  if (info.dtype !== 'BF16') {
    return encodeBfloat16(await readTensor(info, new Float32Array(count * columns), first * columns));
  }
  const bits = new Uint16Array(count * columns);
  await withFile(info.path, (file) => readPart(file, info, new Uint8Array(bits.buffer), 2 * first * columns));
  return bits;
}

function elementCount(info: TensorInfo): number {
  return info.byteLength / DTYPE_BYTES[info.dtype];
}

function tensorFile(path: string, all: readonly TensorInfo[], metadata: Record<string, string>): TensorFile {
  const tensors = new Map(all.map((info) => [info.name, info]));
  const find = (name: string, refused: readonly Dtype[], as: string): TensorInfo => {
    const info = tensors.get(name);
    if (info === undefined) throw new Error(`${path}: no tensor "${name}"`);
    if (refused.includes(info.dtype)) throw new Error(`${path}: tensor "${name}" is ${info.dtype}, expected ${as}`);
    return info;
  };
  return {
    path,
    tensors,
    metadata,
    read: async (name) => {
      const info = find(name, ['I64', 'I32'], 'floating point');
      return readTensor(info, new Float32Array(elementCount(info)));
    },
    readBfloat16: async (name, first, count) => readRows(find(name, ['I64', 'I32'], 'floating point'), first, count),
    readIntegers: async (name) => {
      const info = find(name, ['F64', 'F32', 'F16', 'BF16'], 'an integer type');
      return readTensor(info, new Int32Array(elementCount(info)));
    },
  };
}

/** The shards an index names. A name that leaves the folder is refused: an index is downloaded data. */
async function shardNames(path: string): Promise<Map<string, string>> {
  const index = await readJson(path);
  const map = typeof index === 'object' && index !== null && 'weight_map' in index ? index.weight_map : undefined;
  if (typeof map !== 'object' || map === null) throw new Error(`${path}: no "weight_map"`);
  const shards = new Map<string, string>();
  for (const [tensor, shard] of Object.entries(map) as [string, unknown][]) {
    if (typeof shard !== 'string' || !/^[^/\\]+\.safetensors$/.test(shard))
      throw new Error(`${path}: weight_map["${tensor}"] must be a file name, got ${JSON.stringify(shard)}`);
    shards.set(tensor, shard);
  }
  return shards;
}

async function openIndex(path: string): Promise<TensorFile> {
  const shards = await shardNames(path);
  const opened = new Map<string, TensorFile>();
  for (const shard of new Set(shards.values())) opened.set(shard, await openSafetensors(join(dirname(path), shard)));
  const tensors = [...shards].map(([name, shard]) => {
    const info = opened.get(shard)?.tensors.get(name);
    if (info === undefined)
      throw new Error(`${join(dirname(path), shard)}: no tensor "${name}", which ${basename(path)} places there`);
    return info;
  });
  return tensorFile(path, tensors, {});
}

/**
 * Opens a safetensors file, or all shards named by a `*.safetensors.index.json`. Headers are checked in full; tensors
 * are read when asked for.
 *
 * @param path - the file or the index
 * @throws Error naming the file, and the tensor where there is one, when it is missing, truncated or malformed.
 */
export async function openSafetensors(path: string): Promise<TensorFile> {
  if (path.endsWith('.json')) return openIndex(path);
  return withFile(path, async (file) => {
    const { tensors, metadata } = await readHeader(path, file);
    return tensorFile(path, tensors, metadata);
  });
}

/** As {@link openSafetensors} on `folder/model.safetensors`, or on `folder/model.safetensors.index.json` if that is there. */
export async function openModelFolder(folder: string): Promise<TensorFile> {
  const index = join(folder, 'model.safetensors.index.json');
  const sharded = await stat(index).then(
    () => true,
    () => false,
  );
  return openSafetensors(sharded ? index : join(folder, 'model.safetensors'));
}
