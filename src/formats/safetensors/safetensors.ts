export { type ByteSource, readSafetensors } from "./read_safetensors.ts";
export { writeSafetensors } from "./write_safetensors.ts";
export { toFloat32 } from "../to_float32.ts";
export { stateEntries, type StateNumbers } from "../state_entries.ts";
export {
  type Safetensors,
  type SafetensorsData,
  type SafetensorsDtype,
  SafetensorsError,
  type SafetensorsTensor,
} from "./safetensors_dtype.ts";
