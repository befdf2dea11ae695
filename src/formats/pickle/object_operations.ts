import type { Machine } from "./machine.ts";
import { OP, type Operations } from "./opcodes.ts";
import { FormatError } from "../format_error.ts";
import { isBuildable, PyFunction, PyTuple } from "./python.ts";

/** Calls the function below the arguments. */
function call(m: Machine): void {
  const args = m.pop();
  const made = m.pop();
  if (!(args instanceof PyTuple)) throw m.damaged("calls something without a tuple of arguments");
  if (!(made instanceof PyFunction)) throw m.damaged("calls what is not a function");
  const value = made.call(args.items);
  m.count(value);
  m.push(value);
}

function build(m: Machine): void {
  const state = m.pop();
  const target = m.top();
  if (!isBuildable(target)) {
    throw new FormatError("it gives a state to an object that takes none; nothing of it was run");
  }
  target.setState(state);
  m.count(target);
}

function stackGlobal(m: Machine): void {
  const name = m.pop();
  const module = m.pop();
  if (typeof name !== "string" || typeof module !== "string") {
    throw m.damaged("names a type by what is not a text");
  }
  m.push(m.find(module, name));
}

function protocol(m: Machine): void {
  const version = m.reader.u8();
  if (version > 5) {
    throw new FormatError(`it is written in pickle protocol ${version}; 0 to 5 are read`);
  }
}

function memoIndex(m: Machine): number {
  const index = Number(m.reader.line());
  if (!Number.isSafeInteger(index) || index < 0) throw m.damaged("has a memo index that is none");
  return index;
}

/** Opcodes that name and call types, remember values, and move around the stack. */
export const OBJECT_OPERATIONS: Operations<Machine> = {
  [OP.PROTO]: protocol,
  [OP.FRAME]: (m) => {
    m.reader.u64();
  },
  [OP.STOP]: (m) => {
    m.finished = true;
  },
  [OP.MARK]: (m) => m.mark(),
  [OP.POP]: (m) => m.drop(),
  [OP.POP_MARK]: (m) => {
    m.popMark();
  },
  [OP.DUP]: (m) => m.push(m.top()),
  [OP.PUT]: (m) => m.remember(memoIndex(m)),
  [OP.BINPUT]: (m) => m.remember(m.reader.u8()),
  [OP.LONG_BINPUT]: (m) => m.remember(m.reader.u32()),
  [OP.MEMOIZE]: (m) => m.rememberNext(),
  [OP.GET]: (m) => m.push(m.recall(memoIndex(m))),
  [OP.BINGET]: (m) => m.push(m.recall(m.reader.u8())),
  [OP.LONG_BINGET]: (m) => m.push(m.recall(m.reader.u32())),
  [OP.GLOBAL]: (m) => m.push(m.find(m.reader.line(), m.reader.line())),
  [OP.STACK_GLOBAL]: stackGlobal,
  [OP.REDUCE]: call,
  [OP.NEWOBJ]: call,
  [OP.BUILD]: build,
  [OP.PERSID]: (m) => m.push(m.persistent(m.reader.line())),
  [OP.BINPERSID]: (m) => m.push(m.persistent(m.pop())),
};
