import { assert, assertEquals } from "@std/assert";
import type { Distiller, Schedule } from "../../src/distill/distiller.ts";
import { FoldedTeacher } from "../../src/models/folded_teacher.ts";
import type { Model } from "../../src/models/model.ts";
import { createModel } from "../../src/models/registry.ts";
import { withoutPreact } from "../../src/models/wanted_features.ts";
import { skipInit } from "../../src/nn/init.ts";
import type { StateEntry } from "../../src/nn/module.ts";
import { SGD } from "../../src/optim/sgd.ts";
import { tensor } from "../../src/tensor/create.ts";
import { scope } from "../../src/tensor/scope.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { TrainStep } from "../../src/train/train_step.ts";
import { device, labels, values } from "../helpers.ts";
import { modelState, norm } from "../models/reference.ts";

/** A run of training steps in the reference figures. */
export interface StepsCase {
  student: string;
  teacher: string;
  batch: number;
  size: number;
  classes: number;
  epoch: number;
  solver: { LR: number; MOMENTUM: number; WEIGHT_DECAY: number };
  // deno-lint-ignore no-explicit-any -- the authors' configuration, of which each test knows its part
  distiller: any;
  /** Losses by name, and the l2 norm of the logits. */
  steps: Record<string, number>[];
  /** l2 norm of every parameter and buffer after the last step. */
  after: Record<string, number>;
}

/** The figures by the name of the run. */
export const STEPS: Readonly<Record<string, StepsCase>> = {
  ...readFixture("steps_wkd.json"),
  ...readFixture("steps_zoo.json"),
};

function readFixture(name: string): Record<string, StepsCase> {
  return JSON.parse(
    Deno.readTextFileSync(new URL(`../fixtures/training/${name}`, import.meta.url)),
  );
}

/** Images of the training set in the figures of CRD. */
export const CRD_IMAGES = 128;

/** The authors train for this many epochs; the weights' decay depends on it. */
const EPOCHS = 240;

/** What was found where the figures say what to expect. */
export interface Found {
  steps: Record<string, number>[];
  after: Record<string, number>;
}

/** Millions of values, which two runs in a row share. */
let latest = { of: "", state: new Map<string, StateEntry>() };

/** Student and teacher of a run with the values the figures start from. */
export function models(name: string): { student: Model; teacher: Model } {
  const { student, teacher, classes } = STEPS[name];
  const made = (of: string, role: string) => {
    const model = skipInit(() => createModel(of, { numClasses: classes }));
    const path = `${name}/${role}`;
    const state = path === latest.of ? latest.state : modelState(path, model.stateDict());
    if (role === "teacher") latest = { of: path, state };
    model.loadStateDict(state);
    return model;
  };
  return {
    student: made(student, "student"),
    teacher: made(teacher, "teacher").requiresGrad_(false).eval(),
  };
}

/** Runs the steps op by op, or recorded once and replayed. Frees the distiller. */
export async function runSteps(
  name: string,
  distiller: Distiller,
  recorded: boolean,
): Promise<Found> {
  const { solver, epoch } = STEPS[name];
  for (const [key, module] of Object.entries(distiller.extraModules)) {
    const state = modelState(`${name}/${key}`, module.stateDict());
    // CRD's constants are not procedural.
    state.delete("params");
    module.loadStateDict(state, { strict: false });
  }
  const trained = { student: distiller.student, ...distiller.extraModules };
  const parameters = Object.values(trained).flatMap((module) => module.parameters());
  const optimizer = new SGD(parameters, {
    lr: solver.LR,
    momentum: solver.MOMENTUM,
    weightDecay: solver.WEIGHT_DECAY,
    nesterov: true,
  });
  const schedule = { epoch, epochs: EPOCHS };
  const steps = recorded
    ? await replaySteps(name, distiller, optimizer, schedule)
    : await eagerSteps(name, distiller, optimizer, schedule);
  const state = Object.entries(trained).flatMap(([key, module]) => {
    return [...module.stateDict(`${key}.`)];
  });
  const after = Object.fromEntries(
    await Promise.all(state.map(async ([key, each]) => [key, norm(await each.data())])),
  );
  optimizer.dispose();
  for (const module of [...Object.values(trained), distiller.teacher]) module?.dispose();
  return { steps, after };
}

function batchOf(name: string, step: number) {
  const { batch, size, classes } = STEPS[name];
  const shape = [batch, 3, size, size];
  const images = values(`${name}/images/${step}`, shape, 1.7);
  const indices = labels(`${name}/index/${step}`, batch, CRD_IMAGES);
  return { shape, images, labels: labels(`${name}/labels/${step}`, batch, classes), indices };
}

async function eagerSteps(
  name: string,
  distiller: Distiller,
  optimizer: SGD,
  schedule: Schedule,
): Promise<Found["steps"]> {
  const found: Found["steps"] = [];
  // As a recorded step runs it.
  const folded = distiller.teacher && new FoldedTeacher(distiller.teacher);
  for (const step of STEPS[name].steps.keys()) {
    const batch = batchOf(name, step);
    optimizer.zeroGrad();
    const kept: Record<string, Tensor> = scope(() => {
      const images = tensor(batch.images, batch.shape);
      distiller.startStep?.(batch, schedule);
      const forward = () => distiller.forwardTrain(images, tensor(batch.labels), schedule);
      const { logits, losses } = distiller.readsPreact === false
        ? withoutPreact(forward)
        : forward();
      const loss = Object.values(losses).reduce((sum, term) => sum.add(term));
      loss.backward();
      optimizer.step();
      return { loss, ...losses, logits };
    });
    const numbers = await Promise.all(
      Object.entries(kept).map(async ([key, each]) => [key, await each.data()] as const),
    );
    for (const each of Object.values(kept)) each.dispose();
    found.push(Object.fromEntries(
      numbers.map(([key, data]) => [key, key === "logits" ? norm(data) : data[0]]),
    ));
  }
  folded?.dispose();
  return found;
}

async function replaySteps(
  name: string,
  distiller: Distiller,
  optimizer: SGD,
  schedule: Schedule,
): Promise<Found["steps"]> {
  const gpu = await device();
  const imageShape = batchOf(name, 0).shape;
  const step = new TrainStep({ gpu, distiller, optimizer, imageShape });
  const found: Found["steps"] = [];
  for (const index of STEPS[name].steps.keys()) {
    step.resetTotals();
    await step.run(batchOf(name, index), schedule);
    const totals = await step.totals.data();
    assertEquals([...totals.slice(0, 2)], [1, 0]);
    found.push(Object.fromEntries(["loss", ...step.lossNames].map((key, i) => {
      return [key, totals[2 + i]];
    })));
  }
  step.dispose();
  return found;
}

/** Relative errors that {@linkcode assertSteps} lets pass. */
export interface Tolerances {
  /** Everything of the first step, before rounding could move a weight. Default 1e-5. */
  first?: number;
  /** The whole loss of every later step. */
  loss: number;
  /** Its terms and the logits. */
  terms: number;
  /** Norms of parameters and buffers after the last step. */
  after: number;
  /** Norms of the biases of batch norms. */
  normBias: number;
}

/**
 * Fails unless losses, logits and what was trained are near the figures. With `probed`, the authors' code had run
 * the student once on random images before the first step: its count of batches is one higher, and its running
 * statistics are not compared.
 */
export function assertSteps(
  name: string,
  found: Found,
  tolerances: Tolerances,
  probed: boolean,
): void {
  const { steps, after } = STEPS[name];
  assertEquals(found.steps.length, steps.length);
  found.steps.map(authorsTerms).forEach((step, i) => {
    for (const [key, value] of Object.entries(step)) {
      const later = key === "loss" ? tolerances.loss : tolerances.terms;
      const tolerance = i === 0 ? tolerances.first ?? 1e-5 : later;
      assertNear(value, steps[i][key], tolerance, `step ${i} ${key}`);
    }
  });
  assertEquals(Object.keys(found.after), Object.keys(after));
  for (const [key, value] of Object.entries(found.after)) {
    const ofProbed = probed && key.startsWith("student.");
    if (ofProbed && key.includes("running_")) continue;
    if (key.endsWith("num_batches_tracked")) {
      assertEquals(value + Number(ofProbed), after[key], key);
    } else {
      const normBias = /(bn\d?|downsample\.1)\.bias$/.test(key);
      assertNear(value, after[key], normBias ? tolerances.normBias : tolerances.after, key);
    }
  }
}

/** The authors have the sum of WKD-L and WKD-F as one term. */
function authorsTerms(step: Record<string, number>): Record<string, number> {
  const { loss_wkd_l, loss_wkd_f, ...terms } = step;
  if (loss_wkd_l === undefined && loss_wkd_f === undefined) return terms;
  return { ...terms, loss_kd: (loss_wkd_l ?? 0) + (loss_wkd_f ?? 0) };
}

function assertNear(value: number, expected: number, tolerance: number, what: string): void {
  const error = Math.abs(value - expected) / Math.abs(expected);
  assert(error <= tolerance, `${what} is ${value}, not ${expected}: off by ${error}`);
}
