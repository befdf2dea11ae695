import { ARRAY_TYPES, type SafetensorsTensor } from "./safetensors_dtype.ts";

/** Whether a value out of a checkpoint is a tensor, of any format. */
export function isTensor(value: unknown): value is SafetensorsTensor {
  if (typeof value !== "object" || value === null) return false;
  const { dtype, shape } = value as Partial<SafetensorsTensor>;
  return typeof dtype === "string" && Object.hasOwn(ARRAY_TYPES, dtype) && Array.isArray(shape);
}
