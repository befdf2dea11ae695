import { modelProto } from "../../src/formats/onnx/write_onnx.ts";

/** As much of a file's `ModelProto` as tests look at, with the names of onnx.proto3. */
export interface OnnxFile {
  ir_version: number;
  producer_name: string;
  producer_version: string;
  opset_import: { domain: string; version: number }[];
  metadata_props: { key: string; value: string }[];
  graph: {
    name: string;
    input: OnnxPort[];
    output: OnnxPort[];
    node: { op_type: string; name: string; input: string[]; output: string[] }[];
    initializer: { name: string; dims: number[]; data_type: number; raw_data: Uint8Array }[];
  };
}

interface OnnxPort {
  name: string;
  type: {
    tensor_type: {
      elem_type: number;
      shape: { dim: { dim_value?: number; dim_param?: string }[] };
    };
  };
}

/** Decodes a file. */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  const type = modelProto();
  const plain = { longs: Number, arrays: true, oneofs: false };
  return type.toObject(type.decode(bytes), plain) as OnnxFile;
}

/** A port in a line, such as `images 1 batch,3,32,32` with the number of its type. */
export function portText({ name, type: { tensor_type: { elem_type, shape } } }: OnnxPort): string {
  return `${name} ${elem_type} ${shape.dim.map((dim) => dim.dim_param || dim.dim_value)}`;
}

/** The nodes in a line each. */
export function nodeTexts({ graph: { node } }: OnnxFile): string[] {
  return node.map(({ op_type, input, output }) =>
    `${op_type} ${input.join(" ")} -> ${output.join(" ")}`
  );
}

/** A metadatum. */
export function metadatum({ metadata_props }: OnnxFile, key: string): string | undefined {
  return metadata_props.find((each) => each.key === key)?.value;
}
