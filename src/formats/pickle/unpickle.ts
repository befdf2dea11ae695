import { FormatError } from "../format_error.ts";
import { CONTAINER_OPERATIONS } from "./container_operations.ts";
import { Machine, type UnpickleOptions } from "./machine.ts";
import { OBJECT_OPERATIONS } from "./object_operations.ts";
import type { Operations } from "./opcodes.ts";
import { SCALAR_OPERATIONS } from "./scalar_operations.ts";

const OPERATIONS: Operations<Machine> = {
  ...SCALAR_OPERATIONS,
  ...CONTAINER_OPERATIONS,
  ...OBJECT_OPERATIONS,
};

/** What {@linkcode unpickle} returns. */
interface Unpickled {
  /**
   * Numbers (bigint beyond 2^53), texts, `Uint8Array` for bytes, null, arrays for lists, `PyTuple`, `Map` for dicts,
   * `Set`, and what the globals make.
   */
  readonly value: unknown;
  /** Where the pickle ended. */
  readonly end: number;
}

/**
 * Reads data that Python's pickle wrote, protocols 0 to 5. It executes nothing: it makes plain data and calls the given
 * TypeScript functions, and refuses every other Python name.
 *
 * @throws {FormatError} where the bytes are damaged, or ask for a name that is not given
 */
export function unpickle(bytes: Uint8Array, options: UnpickleOptions): Unpickled {
  const machine = new Machine(bytes, options);
  while (!machine.finished) {
    machine.countOperation();
    const code = machine.reader.u8();
    const operation = OPERATIONS[code];
    if (!operation) {
      throw new FormatError(
        `the pickle has the opcode 0x${code.toString(16).padStart(2, "0")} at byte ${
          machine.reader.at - 1
        }, which is not read; the file is damaged or no checkpoint`,
      );
    }
    operation(machine);
  }
  const value = machine.pop();
  return { value, end: machine.reader.at };
}
