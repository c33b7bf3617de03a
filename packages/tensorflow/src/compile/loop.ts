import * as tf from '@tensorflow/tfjs';
import { currentBackend, type TensorflowBackend } from '../backend.js';
import { matmulPrecision, setMatmulPrecision } from '../bfloat16.js';
import { flatten, rebuild } from './containers.js';
import { inputLike } from './record.js';
import type { Trace } from './trace.js';

/** What a function of TensorFlow.js may hold and give back: tensors in arrays and plain objects. */
type Step<S> = (state: S) => S;
type Condition<S> = (state: S) => tf.Tensor;

/**
 * While the condition holds, the state becomes what `body` makes of it. Within a compiled function this is a loop of its
 * program: one call, whatever the number of turns, and XLA updates the state in place. Elsewhere it is a loop in
 * JavaScript that reads the condition at each turn.
 *
 * @param condition - gives a scalar, true to go on
 * @param body - gives a state of the same structure, shapes and types
 * @param initial - stays the caller's; the result is new tensors
 * @throws Error when the body gives another structure than it takes.
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { compile, startTensorflow, whileLoop } from '@q-insight/tensorflow';
 * await startTensorflow();
 * const double = (x: tf.Tensor) => tf.mul(x, 2);
 * const beyond = compile((limit: tf.Tensor) => whileLoop((x) => tf.less(x, limit), double, tf.scalar(1) as tf.Tensor));
 * console.log(beyond(tf.scalar(100)).dataSync()); // Float32Array [128]
 */
export function whileLoop<S>(condition: Condition<S>, body: Step<S>, initial: S): S {
  const backend = tf.getBackend() === 'tensorflow' ? currentBackend() : undefined;
  const trace = backend?.trace;
  if (trace === undefined) return loopInJavaScript(condition, body, initial);
  return loopInGraph(backend!, trace, condition, body, initial);
}

function loopInJavaScript<S>(condition: Condition<S>, body: Step<S>, initial: S): S {
  const tidy = <T>(run: () => T): T => tf.tidy(run as () => tf.TensorContainer) as T;
  let state = rebuild(initial, flatten(initial).tensors.map(tf.clone)); // prettier-ignore
  while (tidy(() => condition(state).dataSync()[0])) {
    const next = tidy(() => body(state));
    checkState(initial, next);
    const kept = new Set(flatten(next).tensors);
    tf.dispose(flatten(state).tensors.filter((tensor) => !kept.has(tensor)));
    state = next;
  }
  return state;
}

/** The loop as an operation of the graph. What its parts use of the graph around them goes round with the state. */
function loopInGraph<S>(
  backend: TensorflowBackend,
  around: Trace,
  condition: Condition<S>,
  body: Step<S>,
  initial: S,
): S {
  const { tensors } = flatten(initial);
  const step = tracePart(backend, around, initial, (state) => {
    const next = body(state);
    checkState(initial, next);
    return flatten(next).tensors;
  });
  const test = tracePart(backend, around, initial, (state) => [condition(state)]);
  const shared = new Map([...step.trace.used, ...test.trace.used]);
  around.meetAll(shared);
  const inputs = [...backend.getInputTensorIds(tensors), ...shared.keys()];
  const outputs = around.loop(inputs, {
    body: step.trace.registerPart([...step.outputs, ...shared.keys()], shared),
    cond: test.trace.registerPart(test.outputs, shared),
  });
  return rebuild(
    initial,
    tensors.map((tensor, i) => {
      const output = backend.createOutputTensor(outputs[i]!);
      setMatmulPrecision(output, matmulPrecision(tensor));
      return output;
    }),
  );
}

/** Runs a part of the loop on a state of its own graph. */
function tracePart<S>(
  backend: TensorflowBackend,
  around: Trace,
  initial: S,
  run: (state: S) => tf.Tensor[],
): { readonly trace: Trace; readonly outputs: number[] } {
  const trace = around.within();
  const outputs = backend.traceWith(trace, () => {
    let ids: number[] = [];
    tf.tidy(() => {
      const inputs = flatten(initial).tensors.map((tensor) => inputLike(tensor, backend, trace));
      const results = run(rebuild(initial, inputs));
      ids = backend.getInputTensorIds(results);
    });
    return ids;
  });
  return { trace, outputs };
}

function checkState(before: unknown, after: unknown): void {
  const [expected, got] = [flatten(before).signature, flatten(after).signature];
  if (expected !== got)
    throw new TypeError(`whileLoop: the body must give what it takes: expected ${expected}, got ${got}`);
}
