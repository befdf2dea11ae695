/**
 * What a module of the user's finds in a browser in place of `mod.ts`: models register, and what only training wants does
 * nothing.
 *
 * @module
 */

export * from "./wkd.ts";
export { costMatrixKeys } from "../../distill/shared_keys.ts";
export { registerModel } from "../../models/registry.ts";
export { RegistrationError } from "../../registry/registry.ts";

/** Does nothing: the pages have their own pictures. */
export function registerDataset(): void {}

/** Does nothing: the pages teach in their own way. */
export function registerDistiller(): void {}
