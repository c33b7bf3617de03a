import * as tf from '@tensorflow/tfjs';
import type { TensorflowBackend, TensorRecord } from '../backend.js';
import type { Attribute, Binding, GraphOperation, GraphOutput, NativeGraph, NativeTensor } from '../binding.js';
import { parseOpList, type OpDefinition } from './op-definitions.js';

/** Why a function cannot become a graph. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** An operation of a trace, for the debug view. */
export interface TracedOperation {
  readonly type: string;
  readonly attributes: readonly Attribute[];
  /** Numbers of the graph's outputs that it takes. */
  readonly inputs: readonly number[];
  readonly outputs: readonly GraphTensor[];
}

/** An output of a graph whose shape is known. */
export type GraphTensor = GraphOutput & { readonly shape: number[] };

/** A tensor of the surroundings that the traced function uses. Of a variable, the values at the time of each call. */
export type Capture = Pick<tf.Tensor, 'dataId'>;

/** Operations that look stateful but only touch variables the function was given. */
const VARIABLE_OPERATIONS =
  /^(ReadVariableOp|Assign\w*VariableOp|Resource(Apply|StridedSliceAssign|Gather|Scatter)\w*)$/;

let definitions: ReadonlyMap<string, OpDefinition> | undefined;

/**
 * Records what a function asks of the binding as a graph. TensorFlow infers shapes and checks each operation; nothing is
 * computed. Tensors of the graph go by ids of -2 and below (output 0 is -2), so that they are told from real ones, and
 * disposing them does nothing.
 */
export class Trace {
  readonly graph: NativeGraph;
  readonly operations: TracedOperation[] = [];
  readonly captures: Capture[] = [];
  /** Operations that must run though nobody uses what they put out. */
  readonly effects: number[] = [];

  private readonly records = new WeakSet<TensorRecord>();
  private readonly placeholders: number[] = [];
  private readonly captured = new Map<number, number>();
  private readonly owners = new Map<number, Capture>();
  private readonly constants = new Map<number, ArrayBufferView>();
  private readonly variables: ReadonlyMap<object, tf.Variable>;

  private readonly binding: Binding;

  constructor(binding: Binding) {
    this.binding = binding;
    definitions ??= parseOpList(binding.operations());
    this.graph = new binding.Graph();
    const variables = Object.values(tf.engine().registeredVariables);
    this.variables = new Map(variables.map((variable) => [variable.dataId, variable]));
  }

  /** A binding whose operations go into the graph. */
  recorder(): Binding {
    const refuse = (): never => {
      throw new TraceError('it waits for values; only dataSync of constants is possible while tracing');
    };
    const methods: Partial<Binding> = {
      createTensor: (shape, dtype, values) => this.constant(shape, dtype, values as ArrayBufferView),
      tensorDataSync: (id) => this.constantValues(id),
      tensorData: refuse,
      executeOpAsync: refuse,
      executeOp: (type, attributes, inputs) => this.operation(type, attributes, inputs),
    };
    return Object.assign(Object.create(this.binding) as Binding, methods);
  }

  /** Remembers that a tensor came into being while tracing: its values are a constant of the graph. */
  adopt(record: TensorRecord): void {
    this.records.add(record);
  }

  owns(record: TensorRecord): boolean {
    return this.records.has(record);
  }

  /** Remembers whose values a real id stands for. */
  meet(id: number, dataId: object): void {
    if (!this.owners.has(id)) this.owners.set(id, this.variables.get(dataId) ?? { dataId });
  }

  /** An input of the function. */
  input(dtype: number, shape: readonly number[]): NativeTensor {
    const output = this.graph.placeholder(dtype, shape).outputs[0]!;
    this.placeholders.push(output.id);
    return this.added('Input', [], [], [{ ...output, shape: [...shape] }])[0]!;
  }

  /** Makes the graph a function that executeOp runs by name: its inputs are those of the function, then the captures. */
  register(name: string, outputs: readonly number[], compiled: boolean): void {
    const results = outputs.map((id) => this.reference(id));
    this.graph.register(name, [...this.placeholders, ...this.captured.values()], results, this.effects, compiled);
  }

  private constant(shape: readonly number[], dtype: number, values: ArrayBufferView): number {
    const output = this.graph.constant(dtype, shape, values).outputs[0]!;
    const [tensor] = this.added('Constant', [], [], [{ ...output, shape: [...shape] }]);
    this.constants.set(tensor!.id, values);
    return tensor!.id;
  }

  private constantValues(id: number): ArrayBufferView {
    const values = id >= 0 ? this.binding.tensorDataSync(id) : this.constants.get(id);
    if (values === undefined) throw new TraceError('it reads the values of a tensor that is computed at each call');
    return values;
  }

  private operation(type: string, attributes: readonly Attribute[], inputs: readonly number[]): NativeTensor[] {
    const definition = definitions!.get(type);
    if (definition === undefined) throw new TraceError(`TensorFlow has no operation ${type}`);
    if (definition.stateful && !VARIABLE_OPERATIONS.test(type)) {
      throw new TraceError(`${type} has a state of its own, or draws other numbers at each call`);
    }
    // Eagerly, TensorFlow ignores attributes that an operation does not have; in a graph they are an error.
    const known = attributes.filter(({ name }) => definition.attributes.has(name));
    const references = inputs.map((id) => this.reference(id));
    const after = definition.stateful ? this.effects.slice(-1) : []; // in the order in which they were asked for
    const added = this.add(type, known, grouped(references, definition, known), after);
    if (definition.stateful) this.effects.push(added.operation);
    const outputs = added.outputs.map((output) => {
      if (output.shape === null || output.shape.includes(-1)) {
        throw new TraceError(`the shape of what ${type} puts out depends on values`);
      }
      return { ...output, shape: output.shape };
    });
    return this.added(type, known, references, outputs);
  }

  private add(...[type, ...rest]: Parameters<NativeGraph['operation']>): GraphOperation {
    try {
      return this.graph.operation(type, ...rest);
    } catch (error) {
      throw new TraceError(`${type} does not fit into a graph (${(error as Error).message})`, { cause: error });
    }
  }

  private added(
    type: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: readonly GraphTensor[],
  ): NativeTensor[] {
    this.operations.push({ type, attributes, inputs, outputs });
    return outputs.map(({ id, dtype, shape }) => ({ id: -2 - id, dtype, shape }));
  }

  /** The graph's number of a tensor; a real one becomes an input when it is first met. */
  private reference(id: number): number {
    if (id < 0) return -2 - id;
    const present = this.captured.get(id);
    if (present !== undefined) return present;
    const owner = this.owners.get(id);
    if (owner === undefined)
      throw new TraceError(`it uses the tensor ${id} of the binding, which belongs to no tf.Tensor`);
    const { dtype, shape } = recordOf(owner);
    const output = this.graph.placeholder(dtype, shape).outputs[0]!;
    this.captured.set(id, output.id);
    this.captures.push(owner);
    this.added('Capture', [], [], [{ ...output, shape }]);
    return output.id;
  }
}

function recordOf({ dataId }: Capture): TensorRecord {
  return (tf.backend() as TensorflowBackend).tensorMap.get(dataId);
}

/** Puts the inputs that an operation takes as a list into one array. */
function grouped(
  inputs: readonly number[],
  definition: OpDefinition,
  attributes: readonly Attribute[],
): (number | number[])[] {
  const lists = definition.inputs.filter(({ list }) => list).length;
  const singles = definition.inputs.length - lists;
  let next = 0;
  return definition.inputs.map(({ list, countAttribute }) => {
    if (!list) return inputs[next++]!;
    const count = attributes.find(({ name }) => name === countAttribute)?.value;
    const length = lists === 1 ? inputs.length - singles : Number(count);
    next += length;
    return inputs.slice(next - length, next);
  });
}
