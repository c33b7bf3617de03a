import * as tf from '@tensorflow/tfjs';
import { NARROW_PRODUCT } from '../bfloat16.js';
import type { Attribute, Binding, GraphOperation, GraphOutput, NativeGraph, NativeTensor } from '../binding.js';
import type { NodeBackend, TensorRecord } from '../node-backend.js';
import { uniqueName } from './names.js';
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

/** Ids are never given twice, so that a tensor of one graph is not taken for one of another. */
let lastId = -1;

let definitions: ReadonlyMap<string, OpDefinition> | undefined;

/**
 * Records what a function asks of the binding as a graph. TensorFlow infers shapes and checks each operation; nothing is
 * computed. Tensors of a graph go by ids of -2 and below, so that they are told from real ones, and disposing them does
 * nothing. The graph of a loop's body lies within another one, whose tensors it may use.
 */
export class Trace {
  readonly graph: NativeGraph;
  readonly operations: TracedOperation[] = [];
  readonly captures: Capture[] = [];
  /** Operations that must run though nobody uses what they put out. */
  readonly effects: number[] = [];

  /** Functions registered for the loops in it. */
  readonly functions: string[];

  /** Operations in it and its loops that only run when XLA compiles them. */
  readonly xlaOnly: string[];

  private readonly records = new WeakSet<TensorRecord>();
  /** The graph's numbers of its own tensors, by id. */
  private readonly numbers = new Map<number, number>();
  private readonly placeholders: number[] = [];
  /** Tensors of the surroundings that became inputs, with the graph's numbers of them. */
  private readonly captured = new Map<number, number>();
  private readonly tensors = new Map<number, GraphTensor>();
  private readonly owners = new Map<number, Capture>();
  private readonly constants = new Map<number, ArrayBufferView>();
  private readonly variables: ReadonlyMap<object, tf.Variable>;

  private readonly binding: Binding;
  private readonly parent: Trace | undefined;

  /** @param parent - the trace that this one lies within */
  constructor(binding: Binding, parent?: Trace) {
    this.binding = binding;
    this.parent = parent;
    this.functions = parent?.functions ?? [];
    this.xlaOnly = parent?.xlaOnly ?? [];
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

  /** The trace, this one or one around it, in which a tensor came into being. */
  ownerOf(record: TensorRecord): Trace | undefined {
    return this.records.has(record) ? this : this.parent?.ownerOf(record);
  }

  /** Remembers whose values a real id stands for. */
  meet(id: number, dataId: object): void {
    if (!this.owners.has(id)) this.owners.set(id, this.variables.get(dataId) ?? { dataId });
  }

  meetAll(tensors: ReadonlyMap<number, Capture>): void {
    for (const [id, { dataId }] of tensors) this.meet(id, dataId);
  }

  /** What became an input though it is no argument. */
  get used(): ReadonlyMap<number, Capture> {
    return new Map([...this.captured.keys()].map((id) => [id, this.owners.get(id)!]));
  }

  /** An input of the function. */
  input(dtype: number, shape: readonly number[]): NativeTensor {
    const output = this.graph.placeholder(dtype, shape).outputs[0]!;
    this.placeholders.push(output.id);
    return this.added('Input', [], [], [{ ...output, shape: [...shape] }])[0]!;
  }

  /** The graph of a part that becomes a function of its own. */
  within(): Trace {
    return new Trace(this.binding, this);
  }

  /** Makes the graph a function that executeOp runs by name: its inputs are those of the function, then the captures. */
  register(name: string, outputs: readonly number[], compiled = false): void {
    const results = outputs.map((id) => this.reference(id));
    this.graph.register(name, [...this.placeholders, ...this.captured.values()], results, this.effects, compiled);
  }

  /** Puts values into the graph. @returns the tensor's id */
  constant(shape: readonly number[], dtype: number, values: ArrayBufferView): number {
    const output = this.graph.constant(dtype, shape, values).outputs[0]!;
    const [tensor] = this.added('Constant', [], [], [{ ...output, shape: [...shape] }]);
    this.constants.set(tensor!.id, values);
    return tensor!.id;
  }

  private constantValues(id: number): ArrayBufferView {
    const values = id >= 0 ? this.binding.tensorDataSync(id) : this.constantOf(id);
    if (values === undefined) throw new TraceError('it reads the values of a tensor that is computed at each call');
    return values;
  }

  /** Makes the graph one of a loop's functions: its inputs are the state, then all that the loop's parts use from around. */
  registerPart(outputs: readonly number[], shared: ReadonlyMap<number, Capture>): string {
    if (this.effects.length > 0) throw new TraceError('it assigns a variable within a loop');
    this.meetAll(shared);
    const inputs = [...this.placeholders, ...[...shared.keys()].map((id) => this.reference(id))];
    const name = uniqueName();
    this.graph.register(name, inputs, outputs.map((id) => this.reference(id)), [], false); // prettier-ignore
    this.functions.push(name);
    return name;
  }

  /** Adds a loop over two registered parts. @returns what goes round in it, as it is in the end */
  loop(inputs: readonly number[], parts: { readonly body: string; readonly cond: string }): NativeTensor[] {
    const { TF_ATTR_FUNC, TF_ATTR_SHAPE, TF_ATTR_TYPE } = this.binding;
    const tensors = inputs.map((id) => this.tensors.get(this.reference(id))!);
    const attributes = [
      { name: 'T', type: TF_ATTR_TYPE, value: tensors.map(({ dtype }) => dtype) },
      { name: 'output_shapes', type: TF_ATTR_SHAPE, value: tensors.map(({ shape }) => shape) },
      ...Object.entries(parts).map(([name, value]) => ({ name, type: TF_ATTR_FUNC, value })),
    ];
    return this.operation('StatelessWhile', attributes, inputs);
  }

  private constantOf(id: number): ArrayBufferView | undefined {
    return this.constants.get(id) ?? this.parent?.constantOf(id);
  }

  private operation(type: string, attributes: readonly Attribute[], inputs: readonly number[]): NativeTensor[] {
    const definition = definitions!.get(type);
    if (definition === undefined) throw new TraceError(`TensorFlow has no operation ${type}`);
    if (definition.stateful && !VARIABLE_OPERATIONS.test(type)) {
      throw new TraceError(`${type} has a state of its own, or draws other numbers at each call`);
    }
    // Eagerly, TensorFlow ignores attributes that an operation does not have; in a graph they are an error.
    const known = attributes.filter(({ name }) => definition.attributes.has(name));
    if (type === NARROW_PRODUCT) this.xlaOnly.push(type);
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
    return outputs.map((output) => {
      this.tensors.set(output.id, output);
      this.numbers.set(--lastId, output.id);
      return { ...output, id: lastId };
    });
  }

  /** The graph's number of a tensor; one of the surroundings becomes an input when it is first met. */
  private reference(id: number): number {
    const present = this.numbers.get(id) ?? this.captured.get(id);
    if (present !== undefined) return present;
    const owner = this.owners.get(id);
    if (owner === undefined)
      throw new TraceError(`it uses the tensor ${id} of the binding, which belongs to no tf.Tensor`);
    if (id < 0 && !this.parent?.knows(id)) throw new TraceError('it uses a tensor that only exists within a loop');
    const { dtype, shape } = recordOf(owner);
    const values = this.constantOf(id); // of a graph around this one
    if (values !== undefined) return this.numbers.get(this.constant(shape, dtype, values))!;
    const output = this.graph.placeholder(dtype, shape).outputs[0]!;
    this.captured.set(id, output.id);
    this.captures.push(owner);
    this.added('Capture', [], [], [{ ...output, shape }]);
    return output.id;
  }

  private knows(id: number): boolean {
    return this.numbers.has(id) || this.parent?.knows(id) === true;
  }
}

function recordOf({ dataId }: Capture): TensorRecord {
  return (tf.backend() as NodeBackend).tensorMap.get(dataId);
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
