import type { Distiller } from "../distill/distiller.ts";
import type { Module } from "../nn/module.ts";

/** The modules whose parameters move. */
export function trained(distiller: Distiller): Module[] {
  return [distiller.student, ...Object.values(distiller.extraModules)];
}

/**
 * Readies a distiller's modules for training steps: the teacher is in evaluation mode.
 *
 * @param frozen modules of the student that are, too
 */
export function setTraining(distiller: Distiller, frozen: readonly Module[] = []): void {
  for (const module of trained(distiller)) module.train();
  for (const module of frozen) module.eval();
  distiller.teacher?.eval();
}
