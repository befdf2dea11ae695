import { synchronous } from "../gpu/synchronous.ts";
import type { BackwardOptions, GradientBefore, InputGradients, Node, Tensor } from "./core.ts";
import { scope } from "./scope.ts";
import { traceOp } from "./trace.ts";

export type { BackwardOptions, GradientBefore, InputGradients, Node } from "./core.ts";

let enabled = true;
let counter = 0;

/** Whether ops are put on the tape. */
export function gradEnabled(): boolean {
  return enabled;
}

/**
 * Runs `fn` without a tape and frees what it made except what it returns.
 * PyTorch: `torch.no_grad()`.
 *
 * @throws TypeError when `fn` is async.
 */
export function noGrad<T>(fn: () => T): T {
  return scope(() => withoutTape(() => synchronous("noGrad", fn())));
}

/**
 * Runs `fn` without a tape, in the current scope.
 *
 * @throws TypeError when `fn` is async.
 */
export function withoutTape<T>(fn: () => T): T {
  const before = enabled;
  enabled = false;
  try {
    return synchronous("withoutTape", fn());
  } finally {
    enabled = before;
  }
}

/** An op's name, or with it what its result follows from beside the inputs, for a tracer. */
export type OpLabel = string | readonly [name: string, attributes: object];

/**
 * Puts an op with one output on the tape when an input needs a gradient.
 *
 * `backward` gets the gradient of the output and returns one for every input; it may return the
 * tensor it was given, and null for inputs that need none.
 */
export function track(
  label: OpLabel,
  inputs: readonly Tensor[],
  output: Tensor,
  backward: (gradient: Tensor, before: GradientBefore) => InputGradients,
  saved: readonly Tensor[] = [],
): Tensor {
  trackMany(label, inputs, [output], ([gradient], before) => backward(gradient!, before), saved);
  return output;
}

/** As {@linkcode track}, for several outputs; gradients of unused ones are null. */
export function trackMany<T extends readonly Tensor[]>(
  label: OpLabel,
  inputs: readonly Tensor[],
  outputs: T,
  backward: Node["backward"],
  saved: readonly Tensor[] = [],
): T {
  const [name, attributes] = typeof label === "string" ? [label] : label;
  traceOp(name, inputs, outputs, attributes);
  if (!enabled || !inputs.some((input) => input.requiresGrad)) {
    for (const tensor of saved) tensor.dispose();
    return outputs;
  }
  const node: Node = { name, id: counter++, inputs, outputs, saved, backward };
  for (const output of outputs) output.attach(node);
  return outputs;
}

/**
 * Propagates gradients from `root` to the leaves, adding to their `.grad`.
 *
 * @throws Error when a backward pass before freed a part of the graph; no gradient has changed then.
 */
export function runBackward(root: Tensor, seed: Tensor, options: BackwardOptions): void {
  const nodes = nodesFrom(root);
  const way = options.inputs ? wayTo(options.inputs, nodes) : null;
  withoutTape(() => {
    const gradients = new Map<Tensor, Tensor>([[root, seed]]);
    const { freeExcept, inputs = [], onGradient } = options;
    const kept = freeExcept ? new Set([root, ...freeExcept, ...inputs]) : null;
    const before = (input: Tensor) => {
      const gradient = gradients.get(input) ?? null;
      gradients.delete(input);
      return gradient;
    };
    const uses = onGradient ? usesOfLeaves(nodes) : null;
    for (const node of nodes) {
      const wanted = !way || way.nodes.has(node);
      const incoming = node.outputs.map((output) => wanted ? gradients.get(output) ?? null : null);
      node.outputs.forEach((output, i) => {
        if (way?.tensors.has(output) && incoming[i]) output.accumulateGrad(incoming[i].alias());
      });
      // An op further on may have had no gradient for any output of this one.
      const results = incoming.some((gradient) => gradient) ? node.backward(incoming, before) : [];
      node.inputs.forEach((input, i) => {
        const gradient = results[i];
        if (!gradient) return;
        // A gradient handed through unchanged, or to two inputs, is shared: each holder gets a handle.
        const shared = incoming.includes(gradient) || results.indexOf(gradient) < i;
        if (way ? way.leadsFrom(input) : input.requiresGrad) {
          accumulate(gradients, input, shared ? gradient.alias() : gradient);
        } else if (!shared) gradient.dispose();
      });
      for (const leaf of uses ? leavesOf(node) : []) {
        const left = uses!.get(leaf)! - 1;
        uses!.set(leaf, left);
        const gradient = gradients.get(leaf);
        if (left > 0 || !gradient) continue;
        gradients.delete(leaf);
        leaf.accumulateGrad(gradient);
        onGradient!(leaf);
      }
      if (wanted) {
        node.outputs.forEach((output, i) => {
          gradients.delete(output);
          incoming[i]?.dispose();
        });
      }
      if (!options.retainGraph) release(node, kept);
    }
    for (const [leaf, gradient] of gradients) {
      if (!way || way.tensors.has(leaf)) leaf.accumulateGrad(gradient);
      else gradient.dispose();
    }
  });
}

/** The inputs of an op that want a gradient and come from none, one that comes twice twice. */
function leavesOf({ inputs }: Node): Tensor[] {
  return inputs.filter((input) => input.requiresGrad && !input.node);
}

/** How often each leaf is used. */
function usesOfLeaves(nodes: readonly Node[]): Map<Tensor, number> {
  const uses = new Map<Tensor, number>();
  for (const leaf of nodes.flatMap(leavesOf)) uses.set(leaf, (uses.get(leaf) ?? 0) + 1);
  return uses;
}

/** The ops between a root and the tensors whose gradients are wanted. */
interface Way {
  readonly nodes: ReadonlySet<Node>;
  readonly tensors: ReadonlySet<Tensor>;
  /** Whether a gradient of a tensor is wanted, or one of what it was made of. */
  leadsFrom(tensor: Tensor): boolean;
}

/** @param made the ops that the root was made by, the last first */
function wayTo(wanted: readonly Tensor[], made: readonly Node[]): Way {
  const [nodes, tensors] = [new Set<Node>(), new Set(wanted)];
  const leadsFrom = (tensor: Tensor) =>
    tensors.has(tensor) || (tensor.node !== null && nodes.has(tensor.node));
  for (const node of made.toReversed()) if (node.inputs.some(leadsFrom)) nodes.add(node);
  return { nodes, tensors, leadsFrom };
}

function accumulate(gradients: Map<Tensor, Tensor>, input: Tensor, gradient: Tensor): void {
  const before = gradients.get(input);
  gradients.set(input, before ? before.addInto(gradient) : gradient);
}

function release(node: Node, kept: ReadonlySet<Tensor> | null): void {
  for (const tensor of node.saved) tensor.dispose();
  for (const output of node.outputs) {
    output.clearGraph();
    if (kept && !kept.has(output)) output.dispose();
  }
}

/** The ops that `root` was made by, the last first. */
function nodesFrom(root: Tensor): Node[] {
  const seen = new Set<Node>();
  const stack = root.node ? [root.node] : [];
  requireGraph(root);
  while (stack.length > 0) {
    const node = stack.pop()!;
    if (seen.has(node)) continue;
    seen.add(node);
    for (const input of node.inputs) {
      requireGraph(input);
      if (input.node && !seen.has(input.node)) stack.push(input.node);
    }
  }
  return [...seen].sort((a, b) => b.id - a.id);
}

/** Refuses a result whose graph was freed: it would be taken for a leaf. */
function requireGraph(tensor: Tensor): void {
  if (!tensor.graphFreed) return;
  throw new Error("backward() a second time: the graph was freed; use retainGraph: true");
}
