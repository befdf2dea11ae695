import { synchronous } from "../gpu/synchronous.ts";

/** What a scope frees: a tensor. */
interface Scoped {
  dispose(): void;
}

type Tracked = Set<Scoped>;

let step: Tracked = new Set();
const explicit: Tracked[] = [];

/** Registers the result of an op; it lives until its scope ends. */
export function registerResult(tensor: Scoped): void {
  (explicit.at(-1) ?? step).add(tensor);
}

/** Registers a tensor made from data: it lives until its explicit scope ends, or until `dispose()`. */
export function registerCreated(tensor: Scoped): void {
  explicit.at(-1)?.add(tensor);
}

/** Takes a tensor out of every scope. */
export function unregister(tensor: Scoped): void {
  step.delete(tensor);
  for (const tracked of explicit) tracked.delete(tensor);
}

/**
 * Runs `fn` and frees every tensor made in it, except those it returns (alone or in arrays and plain
 * objects) and those told to `keep()`.
 *
 * @throws TypeError when `fn` is async.
 */
export function scope<T>(fn: () => T): T {
  const tracked: Tracked = new Set();
  explicit.push(tracked);
  let result: T | undefined;
  try {
    result = synchronous("scope", fn());
    return result;
  } finally {
    explicit.pop();
    for (const tensor of tensorsIn(result)) {
      if (tracked.delete(tensor)) registerResult(tensor);
    }
    for (const tensor of tracked) tensor.dispose();
  }
}

/**
 * Frees the results of ops made since the last call outside of any {@linkcode scope}. Optimisers call
 * it at the end of `step()`.
 */
export function endStep(): void {
  if (explicit.length > 0) return;
  const ended = step;
  step = new Set();
  for (const tensor of ended) tensor.dispose();
}

function* tensorsIn(value: unknown): Iterable<Scoped> {
  if (value === null || typeof value !== "object") return;
  if ("storage" in value && "dispose" in value) {
    yield value as unknown as Scoped;
  } else if (Array.isArray(value)) {
    for (const item of value) yield* tensorsIn(item);
  } else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) yield* tensorsIn(item);
  }
}
