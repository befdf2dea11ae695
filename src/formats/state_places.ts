import type { SafetensorsTensor } from "./safetensors/safetensors_dtype.ts";

/** Tensors of a checkpoint that may be a model, by the names they have below their place. */
export interface StatePlace {
  /** What stands before their names, such as `model_ema.module`; empty at the top. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

/** Shapes of tensors by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** The shape of every tensor by its name. */
export function shapesOf(tensors: ReadonlyMap<string, SafetensorsTensor>): Shapes {
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}

/** Parts of names that wrappers of modules put anywhere: `torch.compile`, FSDP, checkpointing of activations, Fabric. */
const WRAPPER_PARTS =
  /(?<=^|\.)(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\.(?=.)/g;

/** Averaged weights, which are taken where there are no others. */
const AVERAGED = /(?:^|[._])(?:ema|swa|avg|averaged?|shadow|polyak)(?:$|[._\d])/i;
/** A distiller's teacher, of which a student may lie beside. */
const TEACHER = /(?:^|[._])teacher/i;
/** Buffers of optimisers have their parameters' shapes and, in some files, names. */
const OPTIMIZER = /(?:^|\.)(?:optim|optimizer)/i;

/** Places that are looked at, and the names that are gone through for it. */
const MOST_PLACES = 300;
const MOST_STEPS = 4_000_000;
/** No model has more tensors. */
const MOST_TENSORS = 20_000;

type Entries = [name: string, tensor: SafetensorsTensor][];

/** A name without the parts that wrappers of modules put into it. */
export function withoutWrappers(name: string): string {
  return name.replaceAll(WRAPPER_PARTS, "");
}

/** The entries by the first part of their names, without it. */
function byFirstPart(entries: Entries): Map<string, Entries> {
  const groups = new Map<string, Entries>();
  for (const [name, tensor] of entries) {
    const dot = name.indexOf(".");
    if (dot < 0) continue;
    const first = name.slice(0, dot);
    const group = groups.get(first) ?? [];
    group.push([name.slice(dot + 1), tensor]);
    groups.set(first, group);
  }
  return groups;
}

/** Entries of several parts together, such as `backbone` and `head`, or null where two have one name. */
function together(groups: ReadonlyMap<string, Entries>): StatePlace | null {
  if (groups.size < 2 || groups.size > 8) return null;
  const entries = [...groups.values()].flat();
  const tensors = new Map(entries);
  return tensors.size === entries.length ? { path: [...groups.keys()].join("+"), tensors } : null;
}

/**
 * Every place in a checkpoint where a model may begin, the outermost first: behind each dictionary's name and each part of
 * its tensors' names alike. A bounded number.
 */
export function* statePlaces(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
): Generator<StatePlace> {
  const top = [...tensors].map((
    [name, tensor],
  ): Entries[number] => [withoutWrappers(name), tensor]);
  const queue: { path: string; entries: Entries }[] = [{ path: "", entries: top }];
  let steps = 0;
  for (let i = 0; i < queue.length && i < MOST_PLACES && steps < MOST_STEPS; i++) {
    const { path, entries } = queue[i];
    steps += entries.length;
    const below = (name: string) => path ? `${path}.${name}` : name;
    if (entries.length <= MOST_TENSORS) yield { path, tensors: new Map(entries) };
    const groups = byFirstPart(entries);
    const merged = entries.length <= MOST_TENSORS ? together(groups) : null;
    if (merged) yield { path: below(merged.path), tensors: merged.tensors };
    for (const [first, group] of groups) {
      if (queue.length >= MOST_PLACES) break;
      queue.push({ path: below(first), entries: group });
    }
  }
}

/** The likelier to be meant, the smaller: the model itself, then averages of it, then a teacher. */
export function placeRank(path: string): number {
  return (AVERAGED.test(path) ? 1 : 0) + (TEACHER.test(path) ? 2 : 0);
}

/**
 * The places whose tensors fit, the likeliest first: averaged models behind others, teachers behind students.
 *
 * @param fits whether names and shapes are those of a model that is wanted
 */
export function fittingPlaces(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  fits: (shapes: Shapes) => boolean,
): StatePlace[] {
  const found: StatePlace[] = [];
  for (const place of statePlaces(tensors)) {
    if (OPTIMIZER.test(place.path)) continue;
    if (fits(shapesOf(place.tensors))) found.push(place);
  }
  return found.sort((a, b) => placeRank(a.path) - placeRank(b.path));
}
