import { createHash } from "node:crypto";
import { isBatchCounter } from "../models/fitting_models.ts";
import type { Module } from "../nn/module.ts";
import { readBack } from "../tensor/read_back.ts";

/**
 * SHA-256 of a model's weights and running statistics, in hexadecimal digits: over the tensors in the order of their names
 * (by UTF-16 code units), of each the name, its sizes separated by commas, each with a zero byte behind it, and its float32
 * numbers, little-endian. The counters of batch normalisation, which evaluation does not read and some files lack, are left
 * out. Whatever file the weights came from, and whatever lay beside them there, their hash is the same.
 */
export async function weightsHash(model: Module): Promise<string> {
  const state = [...model.stateDict()].filter(([name]) => !isBatchCounter(name));
  const tensors = [...await readBack(new Map(state))].sort(([a], [b]) => a < b ? -1 : 1);
  const hash = createHash("sha256");
  for (const [name, { shape, data }] of tensors) {
    hash.update(`${name}\0${shape.join(",")}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
