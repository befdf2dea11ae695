import { UserError } from "../errors.ts";
import type { OnnxTensor } from "../formats/onnx/onnx.ts";
import type { GraphBody } from "./fold_batch_norm.ts";

/** `TensorProto.DataType` as `Cast` takes it. Source: onnx.proto3. */
export const CAST = { float: { int: 1 }, float16: { int: 10 } } as const;

/**
 * A graph that computes in float16 what it computed in float32; what goes in and comes out is float16.
 *
 * @throws UserError naming a weight that float16 cannot hold
 */
export function toFloat16({ nodes, initializers }: GraphBody): GraphBody {
  // Factors of sizes are float32 whatever is resized.
  const scales = new Set(nodes.flatMap(({ op, inputs }) => op === "Resize" ? [inputs[2]] : []));
  const halved = [...initializers].map(([name, tensor]): [string, OnnxTensor] =>
    tensor.type !== "float" || scales.has(name) ? [name, tensor] : [name, halfTensor(name, tensor)]
  );
  const cast = nodes.map((node) => {
    const { op, attributes: { to } } = node;
    const float = op === "Cast" && "int" in to && to.int === CAST.float.int;
    return float ? { ...node, attributes: { to: CAST.float16 } } : node;
  });
  return { nodes: cast, initializers: new Map(halved) };
}

function halfTensor(name: string, { shape, data }: OnnxTensor): OnnxTensor {
  const halves = Float16Array.from(data as Float32Array);
  const wrong = halves.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(data[i]));
  if (wrong >= 0) {
    throw new UserError(
      `${name} holds ${data[wrong]}, and float16 no more than 65504; leave --float16 away`,
    );
  }
  return { shape, type: "float16", data: halves };
}
