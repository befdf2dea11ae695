/** Element types, by ONNX's names of them: `TensorProto.DataType` in lower case. */
export type OnnxType = "float" | "float16" | "int32" | "int64" | "uint8" | "bool";

/** Numbers of an {@linkcode OnnxType}; `bool` is a byte each. */
export type OnnxData = Float32Array | Float16Array | Int32Array | BigInt64Array | Uint8Array;

/** A constant of a graph. */
export interface OnnxTensor {
  /** Sizes; none for a scalar. */
  readonly shape: readonly number[];
  /** What the data are. */
  readonly type: OnnxType;
  /** Row-major. */
  readonly data: OnnxData;
}

/** An attribute of a node; ONNX tells whole numbers from floats. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly string: string };

/** An operator and the values it connects. */
export interface OnnxNode {
  /** Operator of the default domain, such as `Conv`. */
  readonly op: string;
  /** Says where in the model it comes from. */
  readonly name: string;
  /** Names of values; an empty one stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  /** Names of values, each given once in a graph. */
  readonly outputs: readonly string[];
  /** By name. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output of a graph. */
export interface OnnxValue {
  /** Its name. */
  readonly name: string;
  /** What its elements are. */
  readonly type: OnnxType;
  /** Sizes; a name stands for one that is known when the graph runs. */
  readonly shape: readonly (number | string)[];
}

/** Operators in an order in which they can run. */
export interface OnnxGraph {
  /** What is given to it. */
  readonly inputs: readonly OnnxValue[];
  /** What it makes. */
  readonly outputs: readonly OnnxValue[];
  /** First to last. */
  readonly nodes: readonly OnnxNode[];
  /** Constants by name. */
  readonly initializers: ReadonlyMap<string, OnnxTensor>;
}

/** A graph and what is said of it. */
export interface OnnxModel {
  /** Name of the graph. */
  readonly name: string;
  /** Version of the default domain's operators. */
  readonly opset: number;
  /** Version of the file format. */
  readonly irVersion: number;
  /** The program that made it. */
  readonly producer: { readonly name: string; readonly version: string };
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What runs. */
  readonly graph: OnnxGraph;
}
