import * as tf from '@tensorflow/tfjs';
import { currentBackend, type TensorflowBackend } from '../backend.js';
import type { NativeTensor } from '../binding.js';
import { isOutOfMemory } from '../out-of-memory.js';
import { flatten, rebuild } from './containers.js';
import { uniqueName } from './names.js';
import { printTrace } from './print.js';
import { recordRun, separateVariables } from './record.js';
import { Trace, TraceError, type Capture, type TracedOperation } from './trace.js';

/** How a function is compiled. */
export interface CompileOptions {
  /** 'xla' makes one program of it; 'graph' runs TensorFlow's operations one after another, without JavaScript. @defaultValue 'xla' */
  readonly mode?: 'xla' | 'graph';
  /** What messages call it. @defaultValue the function's own name */
  readonly name?: string;
  /** Signatures that are kept; the one unused for longest goes first, though XLA keeps its program. @defaultValue 128 */
  readonly capacity?: number;
  /** Told why a signature is not compiled as asked, once. @defaultValue console.warn */
  readonly onFallback?: (reason: string) => void;
}

/** How the calls of one signature run. */
export interface CompiledSignature {
  readonly signature: string;
  readonly mode: 'xla' | 'graph' | 'eager';
  /** Why it is not what was asked for. */
  readonly reason?: string;
  readonly operations: number;
}

/** A function that {@link compile} made. */
export interface Compiled<A extends unknown[], R> {
  (...args: A): R;
  /** The same without blocking the event loop. */
  readonly async: (...args: A) => Promise<R>;
  /** The graph that these arguments run, an operation a line; empty when they run eagerly. */
  print(...args: A): string;
  /** What has been compiled so far. */
  signatures(): CompiledSignature[];
  /** Forgets all signatures. */
  dispose(): void;
}

interface Entry {
  mode: 'xla' | 'graph' | 'eager';
  reason?: string;
  name: string;
  operations: readonly TracedOperation[];
  captures: readonly Capture[];
  /** Registers the graph once more, under another name and mode. */
  register(name: string, mode: 'xla' | 'graph'): void;
  /** Registered functions that it runs in loops. */
  parts: readonly string[];
  /** Whether something in it does not run as a graph. */
  needsXla: boolean;
  /** What the function returned while tracing: the structure of its results. */
  result: unknown;
  results: number;
  /** Variables that the function assigns, in the order of the outputs after the results. */
  assigned: readonly tf.Variable[];
  ran: boolean;
}

/** On other backends functions run as they are; within a trace they become part of it. */
const compiles = (): boolean => tf.getBackend() === 'tensorflow' && currentBackend().trace === undefined;

/**
 * Makes one program of a function over tensors. It is traced once for each signature (structure, shapes and types of its
 * arguments, and the values of arguments that are no tensors): TensorFlow.js runs as always, gradients included, and what
 * it asks of the backend becomes a graph.
 *
 * As with `tf.function` in Python, JavaScript in it runs while tracing only: numbers it computes or draws there, as
 * `tf.randomNormal` and `tf.dropout` do, are constants of the program. Tensors of the surroundings are inputs whose values
 * are taken at each call, and variables may be assigned. The function must not read values; where it does, or an
 * operation has no compiled form, the call runs as if it were not compiled, and the reason is told.
 *
 * Arguments stay the caller's; results are new tensors. On other backends the function runs as it is.
 *
 * @throws TypeError when an argument is neither tensor, number, string, boolean, nor an array or object of these.
 * @throws Error when a tensor of the surroundings was disposed.
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { compile, startTensorflow } from '@q-insight/tensorflow';
 * await startTensorflow();
 * const normalise = compile((x: tf.Tensor) => tf.div(x, tf.norm(x)));
 * console.log(normalise(tf.tensor1d([3, 4])).dataSync()); // Float32Array [0.6, 0.8]
 */
export function compile<A extends unknown[], R>(fn: (...args: A) => R, options: CompileOptions = {}): Compiled<A, R> {
  const { mode = 'xla', capacity = 128, onFallback = console.warn } = options;
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(`compile: capacity: expected a whole number of at least 1, got ${capacity}`);
  }
  const { name: label = fn.name || 'a function' } = options;
  const entries = new Map<string, Entry>();

  const forget = (signature: string, entry: Entry): void => {
    entries.delete(signature);
    if (entry.mode === 'eager') return;
    for (const name of [entry.name, ...entry.parts]) currentBackend().binding.removeFunction(name);
  };
  const fallBack = (entry: Entry, to: 'graph' | 'eager', reason: string): void => {
    entry.mode = to;
    entry.reason = reason;
    onFallback(`compile: ${label} runs ${to === 'eager' ? 'eagerly' : 'without XLA'}: ${reason}`);
  };
  const find = (args: A): { entry: Entry; tensors: tf.Tensor[] } => {
    const { signature, tensors } = flatten(args);
    let entry = entries.get(signature);
    if (entry === undefined) {
      entry = traced(currentBackend(), fn, args, mode, fallBack);
      const [oldest] = entries;
      if (oldest !== undefined && entries.size >= capacity) forget(...oldest);
    } else {
      entries.delete(signature); // to the end: used last
    }
    entries.set(signature, entry);
    return { entry, tensors };
  };
  /** Takes a failed first run back one step; rethrows what is no matter of compiling. */
  const retreat = (entry: Entry, error: unknown): void => {
    if (entry.ran || entry.mode !== 'xla' || isOutOfMemory(error)) throw error;
    const { message } = error as Error;
    currentBackend().binding.removeFunction(entry.name);
    if (entry.needsXla) {
      for (const part of entry.parts) currentBackend().binding.removeFunction(part);
      Object.assign(entry, { operations: [], captures: [], parts: [], register: () => undefined });
      fallBack(entry, 'eager', message);
      return;
    }
    entry.name = `${entry.name}_graph`;
    entry.register(entry.name, 'graph');
    fallBack(entry, 'graph', message);
  };

  const call = (...args: A): R => {
    if (!compiles()) return fn(...args);
    const { entry, tensors } = find(args);
    if (entry.mode === 'eager') return fn(...args);
    try {
      return finish(entry, runNow(entry, tensors)) as R;
    } catch (error) {
      retreat(entry, error);
      return call(...args);
    }
  };
  const callAsync = async (...args: A): Promise<R> => {
    if (!compiles()) return fn(...args);
    const { entry, tensors } = find(args);
    if (entry.mode === 'eager') return fn(...args);
    try {
      return finish(entry, await runLater(entry, tensors)) as R;
    } catch (error) {
      retreat(entry, error);
      return callAsync(...args);
    }
  };

  return Object.assign(call, {
    async: callAsync,
    print: (...args: A) => printTrace(find(args).entry.operations),
    signatures: () =>
      [...entries].map(([signature, { mode: how, reason, operations }]) => ({
        signature,
        mode: how,
        ...(reason !== undefined && { reason }),
        operations: operations.length,
      })),
    dispose: () => {
      for (const [signature, entry] of entries) forget(signature, entry);
    },
  });
}

/** Traces a function for the arguments' signature and registers its graph. */
function traced<A extends unknown[]>(
  backend: TensorflowBackend,
  fn: (...args: A) => unknown,
  args: A,
  mode: 'xla' | 'graph',
  fallBack: (entry: Entry, to: 'eager', reason: string) => void,
): Entry {
  const name = uniqueName();
  separateVariables(backend);
  const trace = new Trace(backend.binding);
  const entry: Entry = {
    mode,
    name,
    operations: [],
    captures: [],
    register: () => undefined,
    parts: [],
    needsXla: false,
    result: undefined,
    results: 0,
    assigned: [],
    ran: false,
  };
  try {
    const { result, outputs, results, assigned } = backend.traceWith(trace, () => recordRun(backend, trace, fn, args));
    const { operations, captures, functions: parts, xlaOnly } = trace;
    const needsXla = xlaOnly.length > 0;
    if (needsXla && mode === 'graph') throw new TraceError(`without XLA there is no ${xlaOnly[0]!}`);
    trace.register(name, outputs, mode === 'xla');
    const register = (again: string, how: 'xla' | 'graph') => trace.register(again, outputs, how === 'xla');
    return Object.assign(entry, { operations, captures, parts, needsXla, register, result, results, assigned });
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    for (const part of trace.functions) backend.binding.removeFunction(part);
    fallBack(entry, 'eager', error.message);
    return entry;
  }
}

const runArguments = (entry: Entry, tensors: readonly tf.Tensor[]) => {
  const backend = currentBackend();
  if (!entry.captures.every(({ dataId }) => backend.tensorMap.has(dataId))) {
    throw new Error('compile: a tensor of the surroundings was disposed after the function had been traced with it');
  }
  const inputs = backend.getInputTensorIds([...tensors, ...(entry.captures as tf.Tensor[])]);
  const attributes = [{ name: '_XlaMustCompile', type: backend.binding.TF_ATTR_BOOL, value: true }];
  const count = entry.results + entry.assigned.length;
  return [entry.name, entry.mode === 'xla' ? attributes : [], inputs, count] as const;
};

const runNow = (entry: Entry, tensors: readonly tf.Tensor[]): NativeTensor[] =>
  currentBackend().binding.executeOp(...runArguments(entry, tensors));

const runLater = (entry: Entry, tensors: readonly tf.Tensor[]): Promise<NativeTensor[]> =>
  currentBackend().binding.executeOpAsync(...runArguments(entry, tensors));

function finish(entry: Entry, outputs: readonly NativeTensor[]): unknown {
  const backend = currentBackend();
  entry.ran = true;
  const tensors = outputs.map((output) => backend.createOutputTensor(output));
  entry.assigned.forEach((variable, i) => {
    const value = tensors[entry.results + i]!;
    variable.assign(value);
    value.dispose();
  });
  return rebuild(entry.result, tensors);
}
