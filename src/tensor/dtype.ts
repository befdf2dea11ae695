/** Element types: float16 is 2 bytes wide, the others 4. */
export type DType = FloatType | "int32" | "uint32";

/** Types of numbers with fractions; gradients exist for these. */
export type FloatType = "float32" | "float16";

/** Host memory that holds elements; those of float16 are float32 there. */
export type HostArray = Float32Array | Int32Array | Uint32Array;

/** Whether a dtype is for numbers with fractions. */
export function isFloat(dtype: DType): dtype is FloatType {
  return dtype === "float32" || dtype === "float16";
}

/** Bytes from one element to the next. */
export function elementBytes(dtype: DType): number {
  return dtype === "float16" ? 2 : 4;
}

/** Bytes of `count` elements, up to the next multiple of 4, which copies want. */
export function bytesOf(dtype: DType, count: number): number {
  return 4 * Math.ceil(count * elementBytes(dtype) / 4);
}

/** The scalar type of float elements in kernels. */
export function wgslFloat(dtype: DType): "f32" | "f16" {
  return dtype === "float16" ? "f16" : "f32";
}

/** The type that kernels move elements as, one or four at a time, whatever they mean. */
export function wordType(dtype: DType, lanes: 1 | 4): string {
  if (dtype === "float16") return lanes === 4 ? "vec4<f16>" : "f16";
  return lanes === 4 ? "vec4u" : "u32";
}

/** Elements from bytes read from the device. */
export function hostArray(dtype: DType, buffer: ArrayBuffer, count: number): HostArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer);
    case "float16":
      return Float32Array.from(new Float16Array(buffer, 0, count));
    case "int32":
      return new Int32Array(buffer);
    case "uint32":
      return new Uint32Array(buffer);
  }
}

/** Numbers as bytes for the device, a multiple of 4. */
export function deviceArray(
  values: HostArray | readonly number[],
  dtype: DType,
): HostArray | Float16Array {
  switch (dtype) {
    case "float32":
      return values instanceof Float32Array ? values : Float32Array.from(values);
    case "float16": {
      const halves = new Float16Array(2 * Math.ceil(values.length / 2));
      halves.set(values);
      return halves;
    }
    case "int32":
      return values instanceof Int32Array ? values : Int32Array.from(values);
    case "uint32":
      return values instanceof Uint32Array ? values : Uint32Array.from(values);
  }
}

/** The dtype of what a typed array holds. */
export function hostDType(values: HostArray): DType {
  if (values instanceof Int32Array) return "int32";
  return values instanceof Uint32Array ? "uint32" : "float32";
}
