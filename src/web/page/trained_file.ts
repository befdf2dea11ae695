import type { FolderCard } from "../folder_card.ts";
import * as wkd from "./wkd.ts";

/** A trained student as a safetensors file, which every command of the program reads. */
export function trainedFile(
  { student, classes, preprocessing }: FolderCard,
  state: ReadonlyMap<string, wkd.HostTensor>,
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, wkd.SafetensorsTensor>();
  for (const [name, { shape, data }] of state) {
    const dtype = data instanceof Float32Array ? "F32" : data instanceof Int32Array ? "I32" : "U32";
    tensors.set(name, { dtype, shape: [...shape], data });
  }
  return wkd.writeSafetensors(tensors, {
    format: "pt",
    model: student.model,
    classes: JSON.stringify(classes),
    preprocessing: JSON.stringify(preprocessing),
  });
}
