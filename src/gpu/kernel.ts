import { SHARED_KERNELS } from "./shared_kernels.ts";
import { expandTemplate, type TemplateOrigin, type TemplateValues } from "./template.ts";

/** How a kernel variable is bound. */
export type BindingKind = "uniform" | "read-only-storage" | "storage";

/** One bound variable of a kernel. */
interface KernelBinding {
  /** Its name in the source. */
  readonly name: string;
  /** Its index in group 0. */
  readonly binding: number;
  /** How it is bound. */
  readonly kind: BindingKind;
}

/** One field of a kernel's parameter struct; every field is one 32-bit word. */
interface KernelParam {
  /** Its name in the source. */
  readonly name: string;
  /** Its type. */
  readonly type: "u32" | "i32" | "f32";
}

/** How kernels may use subgroups: threads of a workgroup that exchange values without memory. */
export interface Subgroups {
  /** How many neighbouring threads certainly share one, a power of two; 1: kernels may not use them. */
  readonly size: number;
  /** Whether the compiler wants `enable subgroups;`. */
  readonly enable: boolean;
}

/** Kernels without subgroups. */
export const NO_SUBGROUPS: Subgroups = { size: 1, enable: false };

/** What the source of a kernel says about its interface. */
export interface KernelInterface {
  /** WGSL, with the template expanded. */
  readonly source: string;
  /** Where the lines of the source were written; null for lines that the template does not hold. */
  readonly origins: readonly (TemplateOrigin | null)[];
  /** Bound variables, in the order of the source. */
  readonly bindings: readonly KernelBinding[];
  /** Name of the uniform that holds the parameter struct, if there is one. */
  readonly paramsName: string | null;
  /** Fields of the parameter struct, in its order. */
  readonly params: readonly KernelParam[];
}

/**
 * A kernel: a name and a `.wgsl` file, possibly a template.
 *
 * Bindings are found by name in the source (`@group(0) @binding(i) var<...> name: type;`); a uniform
 * whose type is `struct Params` holds the scalar parameters, packed by field name. A template knows the files of
 * `kernels/shared/`, and beside its values `SUBGROUP`: how many neighbouring threads certainly share a subgroup, 1 where
 * kernels may not use them, `LOOPS`: whether loops are better left as loops, and `WIDE`: whether vectors of float32 are better loaded
 * and stored as 64-bit integers. A variant with `f16` among its template values gets `enable f16;`.
 */
export class Kernel {
  readonly #interfaces = new Map<string, KernelInterface>();

  /** Reads nothing yet; errors and profiles show `name`. All variants have the template values `fixed`. */
  constructor(
    readonly name: string,
    readonly template: string,
    readonly fixed: TemplateValues = {},
  ) {}

  /** The interface of the source expanded with `values`; `key` identifies the values. */
  reflect(
    values: TemplateValues,
    key: string,
    subgroups: Subgroups = NO_SUBGROUPS,
    loops: boolean = false,
    wide: boolean = false,
  ): KernelInterface {
    const { size, enable } = subgroups;
    const full = `${size}${enable}${loops}${wide}|${key}`;
    let found = this.#interfaces.get(full);
    if (!found) {
      try {
        const { text, origins } = expandTemplate(
          this.template,
          {
            SUBGROUP: size,
            LOOPS: loops,
            WIDE: wide && !usesHalf(values),
            ...this.fixed,
            ...values,
          },
          SHARED_KERNELS,
        );
        const extensions = [
          ...(usesHalf(values) ? ["f16"] : []),
          ...(enable && /\bsubgroup[A-Z]\w*\(/.test(text) ? ["subgroups"] : []),
        ];
        const head = extensions.map((name) => `enable ${name};\n`).join("");
        found = { ...reflect(head + text), origins: [...extensions.map(() => null), ...origins] };
      } catch (error) {
        throw new Error(`kernel ${this.name}: ${(error as Error).message}`);
      }
      this.#interfaces.set(full, found);
    }
    return found;
  }
}

/** Whether a template is expanded with a float16 type. */
function usesHalf(values: TemplateValues): boolean {
  return Object.values(values).some((value) => /\bf16\b/.test(String(value)));
}

const BINDING = /@group\(0\)\s*@binding\((\d+)\)\s*var<\s*([\w\s,]+?)\s*>\s*(\w+)\s*:\s*(\w+)/g;

function reflect(source: string): Omit<KernelInterface, "origins"> {
  const bindings: KernelBinding[] = [];
  let paramsName: string | null = null;
  for (const [, index, space, name, type] of source.matchAll(BINDING)) {
    const kind: BindingKind = space.startsWith("uniform")
      ? "uniform"
      : space.includes("read_write")
      ? "storage"
      : "read-only-storage";
    if (kind === "uniform" && type === "Params") paramsName = name;
    bindings.push({ name, binding: Number(index), kind });
  }
  const body = /struct\s+Params\s*\{([^}]*)\}/.exec(source)?.[1] ?? "";
  const params: KernelParam[] = [];
  for (const [, name, type] of body.matchAll(/(\w+)\s*:\s*(\w+)\s*,?/g)) {
    if (type !== "u32" && type !== "i32" && type !== "f32") {
      throw new Error(`parameter ${name} has type ${type}; u32, i32 or f32 wanted`);
    }
    params.push({ name, type });
  }
  return { source, bindings, paramsName, params };
}
