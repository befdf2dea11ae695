/** The work in jax-js on its WebGPU backend: `deno run -A bench/peers/jax.ts [CASE ...]`. */
import {
  type Array as JaxArray,
  defaultDevice,
  init,
  jit,
  lax,
  numpy as np,
  tree,
  valueAndGrad,
  vjp,
} from "@jax-js/jax";
import { initialState, resnetLoss } from "./jax_resnet.ts";
import { measureCases, type Work } from "./measure.ts";
import { labels, values } from "./random.ts";

const BATCH = 64;
const CLASSES = 10;
/** Runs in flight: enough to keep the device busy, few enough to bound memory. */
const DEPTH = 2;

/**
 * jax-js executes a result only when someone asks for it, so every run's results are asked for; waiting
 * for the run before the last one instead of the last hides the read-back.
 */
function work(step: () => JaxArray[], release: (results: JaxArray[]) => void): Work {
  const pending: Promise<void>[] = [];
  let probe = np.zeros([1]);
  const enqueue = async (results: JaxArray[]) => {
    await Promise.all(results.map((result) => result.blockUntilReady()));
    release(results);
  };
  return {
    run: async () => {
      pending.push(enqueue(step()));
      if (pending.length > DEPTH) await pending.shift();
    },
    settle: async () => {
      await Promise.all(pending.splice(0));
      probe = probe.add(1);
      await probe.ref.data();
    },
  };
}

const dispose = (results: JaxArray[]) => tree.dispose(results);

const array = (shape: number[], scale: number): JaxArray =>
  np.array(values(shape.reduce((a, b) => a * b), scale)).reshape(shape);

const conv = (x: JaxArray, weight: JaxArray): JaxArray =>
  lax.convGeneralDilated(x, weight, [1, 1], "SAME");

function convForward(): Work {
  const x = array([BATCH, 64, 32, 32], 1);
  const weight = array([64, 64, 3, 3], 0.05);
  const forward = jit(conv);
  return work(() => [forward(x.ref, weight.ref)], dispose);
}

function convBackward(): Work {
  const x = array([BATCH, 64, 32, 32], 1);
  const weight = array([64, 64, 3, 3], 0.05);
  const outputGradient = array([BATCH, 64, 32, 32], 1);
  // The forward result is returned too, or the compiler would leave that convolution out.
  const both = jit((x: JaxArray, weight: JaxArray, outputGradient: JaxArray): JaxArray[] => {
    const [y, pullBack] = vjp(conv, [x, weight]);
    const gradients = pullBack(outputGradient) as JaxArray[];
    pullBack.dispose();
    return [y, ...gradients];
  });
  return work(() => both(x.ref, weight.ref, outputGradient.ref), dispose);
}

function resnetStep(): Work {
  const images = array([BATCH, 1, 28, 28], 1);
  const hot = values(BATCH * CLASSES, 0);
  labels(BATCH, CLASSES).forEach((label, i) => hot[i * CLASSES + label] = 1);
  const oneHot = np.array(hot).reshape([BATCH, CLASSES]);
  const { params: initial, running: initialRunning } = initialState(CLASSES);
  const state = {
    params: initial,
    running: initialRunning,
    velocity: initial.map((param) => np.zerosLike(param.ref)),
  };
  const step = jit((
    params: JaxArray[],
    velocity: JaxArray[],
    running: JaxArray[],
    images: JaxArray,
    oneHot: JaxArray,
  ) => {
    const [[loss, statistics], gradients] = valueAndGrad(resnetLoss, { hasAux: true })(
      tree.ref(params),
      images,
      oneHot,
    ) as unknown as [[JaxArray, JaxArray[]], JaxArray[]];
    const moved = gradients.map((gradient, i) => velocity[i].mul(0.9).add(gradient));
    return {
      loss,
      params: params.map((param, i) => param.sub(moved[i].ref.mul(0.05))),
      velocity: moved,
      running: running.map((value, i) => value.mul(0.9).add(statistics[i].mul(0.1))),
    };
  });
  return work(() => {
    const { loss, ...next } = step(
      state.params,
      state.velocity,
      state.running,
      images.ref,
      oneHot.ref,
    );
    Object.assign(state, next);
    return [loss, ...tree.leaves(tree.ref(next)) as JaxArray[]];
  }, dispose);
}

await init("webgpu");
defaultDevice("webgpu");
await measureCases("jax-js", {
  conv_fwd: convForward,
  conv_fwd_bwd: convBackward,
  resnet8_step: resnetStep,
}, Deno.args);
Deno.exit(0);
