/** What a graph needs to know of an operation beyond what the kernels say. */
export interface OpDefinition {
  readonly attributes: ReadonlySet<string>;
  readonly inputs: readonly InputDefinition[];
  /** Whether it has effects, or draws other numbers at every call. */
  readonly stateful: boolean;
}

/** One input; a list of tensors, where an attribute counts or types them. */
export interface InputDefinition {
  readonly list: boolean;
  /** The attribute that holds the list's length. */
  readonly countAttribute?: string;
}

/** Reads the fields of a protocol buffer message: numbers as they are, everything of a length as bytes. */
function* fields(message: Uint8Array): Generator<readonly [field: number, value: number | Uint8Array]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [field, wire] = [tag >>> 3, tag & 7];
    if (wire === 0) {
      yield [field, varint()];
      continue;
    }
    const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
    yield [field, message.subarray(at, at + length)];
    at += length;
  }
}

const text = (value: number | Uint8Array | undefined): string => Buffer.from(value as Uint8Array).toString();

function inputDefinition(message: Uint8Array): InputDefinition {
  const values = new Map(fields(message)); // ArgDef: number_attr is 5, type_list_attr 6
  if (values.has(5)) return { list: true, countAttribute: text(values.get(5)) };
  return { list: values.has(6) };
}

/** Reads a serialized OpList. */
export function parseOpList(message: Uint8Array): ReadonlyMap<string, OpDefinition> {
  const definitions = new Map<string, OpDefinition>();
  for (const [, op] of fields(message)) {
    let name = '';
    let stateful = false;
    const inputs: InputDefinition[] = [];
    const attributes = new Set<string>();
    for (const [field, value] of fields(op as Uint8Array)) {
      if (field === 1) name = text(value);
      if (field === 2) inputs.push(inputDefinition(value as Uint8Array));
      if (field === 4) attributes.add(text(new Map(fields(value as Uint8Array)).get(1)));
      if (field === 17) stateful = value !== 0;
    }
    definitions.set(name, { attributes, inputs, stateful });
  }
  return definitions;
}
