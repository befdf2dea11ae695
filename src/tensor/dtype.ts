/** Element types; all of them are 4 bytes wide. */
export type DType = "float32" | "int32" | "uint32";

/** Host memory that holds elements. */
export type HostArray = Float32Array | Int32Array | Uint32Array;

/** Wraps bytes read from the device. */
export function hostArray(dtype: DType, buffer: ArrayBuffer): HostArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer);
    case "int32":
      return new Int32Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
  }
}

/** The dtype of what a typed array holds. */
export function hostDType(values: HostArray): DType {
  if (values instanceof Int32Array) return "int32";
  return values instanceof Uint32Array ? "uint32" : "float32";
}
