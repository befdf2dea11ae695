import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What is asked of a module. */
interface Watched {
  readonly training: boolean;
  modules(): Iterable<Watched>;
  parameters(): Tensor[];
}

/** A module whose `forward()` is running. */
interface Running {
  readonly module: Watched;
  /** The module that it was reached from by way of children. */
  readonly root: Watched;
}

const running: Running[] = [];
/** What was reached from a root when it was last looked at. */
const reached = new WeakMap<Watched, WeakSet<Watched>>();
/** Modules in the order they were made in. */
const serials = new WeakMap<Watched, number>();
let made = 0;
/** How many there were when the outermost `forward()` began. */
let madeBefore = 0;

/**
 * Makes every `forward()` of a new module look whether whoever runs it has it among its children: reflection sees no
 * `#private` fields, maps and closures, so that parameters there would be neither trained nor saved.
 */
export function watchForward(module: Watched): void {
  serials.set(module, made++);
  const { forward } = module as { forward?: unknown };
  if (typeof forward !== "function") return;
  Object.defineProperty(module, "forward", {
    value: (...inputs: unknown[]) => run(module, () => forward.apply(module, inputs)),
    configurable: true,
    writable: true,
    enumerable: false,
  });
}

function run<T>(module: Watched, forward: () => T): T {
  const caller = running.at(-1);
  if (!caller) madeBefore = made;
  const child = caller && isReached(caller.root, module);
  if (caller && !child) refuseStranger(caller.module, module);
  running.push({ module, root: child ? caller.root : module });
  try {
    return forward();
  } finally {
    running.pop();
  }
}

function isReached(root: Watched, module: Watched): boolean {
  if (root === module || reached.get(root)?.has(module)) return true;
  const now = new WeakSet(root.modules());
  reached.set(root, now);
  return now.has(module);
}

/** Frozen modules may be used by whoever holds them, and so may those without parameters. */
function refuseStranger(caller: Watched, module: Watched): void {
  const trains = module.parameters().some(({ requiresGrad }) => requiresGrad);
  const old = serials.get(module)! < madeBefore;
  const stuck = module.training && !caller.training && old;
  if (!trains && !stuck) return;
  const [user, used] = [caller.constructor.name, module.constructor.name];
  throw new Error(
    `${used}, which ${user}.forward() uses, is not among the modules of ${user}, so ` +
      (trains ? "its parameters are not trained or saved" : "eval() does not reach it") +
      "; hold it in a field of its own or in a ModuleList: fields that are #private, maps and " +
      "closures are not looked into",
  );
}

/**
 * Refuses fields whose modules or parameters would be left out.
 *
 * @throws Error naming the field and what to use for it.
 */
export function refuseContainers(owner: Watched): void {
  let own: Set<unknown> | null = null;
  for (const [name, value] of Object.entries(owner)) {
    for (const item of itemsIn(value)) {
      own ??= new Set<unknown>(Object.values(owner).flatMap(withDescendants));
      if (own.has(item)) continue;
      const field = `${owner.constructor.name}.${name}`;
      throw new Error(
        item instanceof Tensor
          ? `${field} holds a parameter ${formatShape(item.shape)} inside of ${
            kindOf(value)
          }, where ` +
            "it is not found; hold it in a field of its own or in a ParameterList"
          : `${field} holds a ${(item as Watched).constructor.name} inside of ${
            kindOf(value)
          }, where ` +
            "it is not found; use a ModuleList, a ModuleDict or a field of its own",
      );
    }
  }
}

function withDescendants(value: unknown): unknown[] {
  return isModule(value) ? [...value.modules()] : [value];
}

/** Modules and parameters in arrays, maps, sets and plain objects, also nested ones. */
function* itemsIn(value: unknown, depth = 0): Iterable<unknown> {
  if (depth > 0 && (isModule(value) || isParameter(value))) {
    yield value;
  } else if (depth < 4) {
    for (const item of contents(value)) yield* itemsIn(item, depth + 1);
  }
}

function contents(value: unknown): Iterable<unknown> {
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return value.values();
  return Object.getPrototypeOf(value) === Object.prototype ? Object.values(value) : [];
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "an array";
  return value instanceof Map ? "a Map" : value instanceof Set ? "a Set" : "an object";
}

function isModule(value: unknown): value is Watched {
  return typeof value === "object" && value !== null && serials.has(value as Watched);
}

/** Results that want gradients may be kept anywhere. */
function isParameter(value: unknown): value is Tensor {
  return value instanceof Tensor && value.requiresGrad && !value.node && !value.graphFreed;
}
