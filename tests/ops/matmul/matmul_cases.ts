import { tensor } from "../../../src/tensor/create.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { values } from "../../helpers.ts";

/** A matrix on the host. */
export interface HostMatrix {
  rows: number;
  columns: number;
  data: Float32Array;
}

/** A matrix of procedural values. */
export function hostMatrix(name: string, rows: number, columns: number): HostMatrix {
  return { rows, columns, data: values(name, [rows, columns]) };
}

/** The matrix on the device. */
export function onDevice({ rows, columns, data }: HostMatrix, requiresGrad = false): Tensor {
  return tensor(data, [rows, columns], { requiresGrad });
}

/** The transpose. */
export function transposed({ rows, columns, data }: HostMatrix): HostMatrix {
  const result = Float32Array.from(
    data,
    (_, e) => data[(e % rows) * columns + Math.floor(e / rows)],
  );
  return { rows: columns, columns: rows, data: result };
}

/** The product, summed in double precision. */
export function times(a: HostMatrix, b: HostMatrix): HostMatrix {
  const data = new Float32Array(a.rows * b.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < b.columns; j++) {
      let total = 0;
      for (let k = 0; k < a.columns; k++) {
        total += a.data[i * a.columns + k] * b.data[k * b.columns + j];
      }
      data[i * b.columns + j] = total;
    }
  }
  return { rows: a.rows, columns: b.columns, data };
}

/** Matrix `index` of a batch. */
export function matrixOf(data: Float32Array, shape: Shape, index: number): HostMatrix {
  const [rows, columns] = shape.slice(-2);
  const first = shape.length > 2 ? index * rows * columns : 0;
  return { rows, columns, data: data.subarray(first, first + rows * columns) };
}
