import definitions from "./onnx.proto3" with { type: "text" };
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from "./onnx.ts";

/** As much of a message's type as is used. */
interface MessageType {
  fromObject(object: unknown): unknown;
  toObject(message: unknown, options: object): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

/** As much of the library as is used. */
interface Protobuf {
  parse(definitions: string, options: object): { root: { lookupType(name: string): MessageType } };
}

// Not written into the import: whoever only checks the types of a program should not need the package.
const PROTOBUF = "npm:protobufjs@8.8.1";

const { default: protobuf } = await import(PROTOBUF) as { default: Protobuf };

/** Protocol buffers hold no more than this in one message. */
const LARGEST = 2 ** 31 - 1;

/** `TensorProto.DataType`. Source: onnx.proto3. */
const DATA_TYPES = { float: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10 } as const;

let message: MessageType | null = null;

/**
 * ONNX's `ModelProto`, made of its definition in onnx.proto3, which is the ONNX project's own of version 1.23 (github.com/onnx/onnx,
 * under Apache-2.0). Fields have the names there.
 */
export function modelProto(): MessageType {
  message ??= protobuf.parse(definitions, { keepCase: true }).root.lookupType("onnx.ModelProto");
  return message;
}

/**
 * A model as the bytes of an ONNX file, little endian.
 *
 * @throws RangeError from 2 GiB on, where ONNX wants weights in files of their own
 */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const { graph } = model;
  const bytes = [...graph.initializers.values()].reduce(
    (sum, { data }) => sum + data.byteLength,
    0,
  );
  if (bytes > LARGEST) throw new RangeError(`${bytes} bytes of weights; an ONNX file holds 2 GiB`);
  const type = modelProto();
  return type.encode(type.fromObject({
    ir_version: model.irVersion,
    opset_import: [{ domain: "", version: model.opset }],
    producer_name: model.producer.name,
    producer_version: model.producer.version,
    metadata_props: Object.entries(model.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: model.name,
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
      node: graph.nodes.map(nodeProto),
      initializer: [...graph.initializers].map(([name, tensor]) => tensorProto(name, tensor)),
    },
  })).finish();
}

function valueInfo({ name, type, shape }: OnnxValue) {
  const dim = shape.map((size) =>
    typeof size === "number" ? { dim_value: size } : { dim_param: size }
  );
  return { name, type: { tensor_type: { elem_type: DATA_TYPES[type], shape: { dim } } } };
}

function nodeProto({ op, name, inputs, outputs, attributes }: OnnxNode) {
  const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
  return { op_type: op, name, input: inputs, output: outputs, attribute };
}

function attributeProto(name: string, value: OnnxAttribute) {
  if ("int" in value) return { name, type: "INT", i: value.int };
  if ("ints" in value) return { name, type: "INTS", ints: value.ints };
  if ("float" in value) return { name, type: "FLOAT", f: value.float };
  return { name, type: "STRING", s: new TextEncoder().encode(value.string) };
}

function tensorProto(name: string, { shape, type, data }: OnnxTensor) {
  const { buffer, byteOffset, byteLength } = data;
  return {
    name,
    dims: shape,
    data_type: DATA_TYPES[type],
    raw_data: new Uint8Array(buffer, byteOffset, byteLength),
  };
}
