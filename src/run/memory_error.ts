import type { Config } from "../config/config.ts";
import { valueAt } from "../config/format_config.ts";
import { FIELDS, isUsed } from "../config/keys.ts";
import type { DatasetInfo } from "../data/image_dataset.ts";
import { GpuError } from "../gpu/gpu_error.ts";
import { firstError } from "./failed_run.ts";

/**
 * What V8 says where it has no memory for numbers, or where no array of them can be that long. A list of values that is too
 * long (`Invalid array length`) is a mistake of the program, and so is a negative length.
 */
const NO_ARRAY =
  /^(Array buffer allocation failed|Invalid (typed array|array buffer) length(: \d|$))/;
/** How many times its usual value a setting is before it, and not the batch size, is what takes the memory. */
const UNUSUAL = 4;
const USUAL_IMAGE_SIZE = 224;

/** A want of memory, on the device or on this machine, with what to do about it. */
export class MemoryError extends Error {
  /** Always `MemoryError`. */
  override readonly name = "MemoryError";

  /** `cause` is the error of the device or of the machine, `less` such as `use a smaller SOLVER.BATCH_SIZE`. */
  constructor(override readonly cause: Error, readonly less: string) {
    super(cause.message, { cause });
  }
}

/** Whether an error is this machine's want of memory for an array. */
export function lacksHostMemory(error: unknown): boolean {
  return error instanceof RangeError && NO_ARRAY.test(error.message);
}

/** Does something, with a want of memory turned into a {@linkcode MemoryError} that says what to do. */
export async function advising<T>(less: () => string, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (thrown) {
    const error = firstError(thrown);
    const isDevice = error instanceof GpuError && error.kind === "out-of-memory";
    throw isDevice || lacksHostMemory(error) ? new MemoryError(error as Error, less()) : thrown;
  }
}

/** A number that memory grows with. */
interface SizeSetting {
  /** As the user writes it. */
  readonly name: string;
  /** What it is. */
  readonly value: number;
  /** What it is elsewhere. */
  readonly usual: number;
}

/** Whether a setting is so many times its usual value that it is what takes the memory. */
export function isUnusual({ value, usual }: SizeSetting): boolean {
  return value > UNUSUAL * usual;
}

/** Which setting to lower: the one that is the most times its usual value, or the first where none is unusual. */
export function smaller(settings: readonly SizeSetting[]): string {
  const times = ({ value, usual }: SizeSetting) => value / usual;
  const largest = settings.reduce((most, each) => times(each) > times(most) ? each : most);
  return isUnusual(largest)
    ? `use a smaller ${largest.name}, which is ${largest.value} (usual: ${largest.usual})`
    : `use a smaller ${settings[0].name}`;
}

/** The side of a data set's images, as a setting. */
export function imageSize({ height }: DatasetInfo): SizeSetting {
  return { name: "DATASET.IMAGE_SIZE", value: height, usual: USUAL_IMAGE_SIZE };
}

/** The settings that the memory of a run grows with, SOLVER.BATCH_SIZE first. No batch is larger than its data set. */
export function runSizes(
  config: Config,
  { train, test }: { readonly train: DatasetInfo; readonly test: DatasetInfo },
): SizeSetting[] {
  const most: Record<string, number> = {
    "SOLVER.BATCH_SIZE": train.length,
    "DATASET.TEST.BATCH_SIZE": test.length,
  };
  const settings = [...FIELDS].filter(([name, { memory }]) =>
    memory && isUsed(name, (key) => valueAt(config, key))
  ).map(([name, field]) => {
    const value = Math.min(valueAt(config, name) as number, most[name] ?? Infinity);
    return { name, value, usual: field.default as number };
  });
  const batch = settings.find(({ name }) => name === "SOLVER.BATCH_SIZE")!;
  return [batch, ...settings.filter((setting) => setting !== batch), imageSize(train)];
}
