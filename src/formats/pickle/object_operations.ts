import { FormatError } from "../format_error.ts";
import { type Machine, readOrNamed } from "./machine.ts";
import { OP, type Operations } from "./opcodes.ts";
import { isBuildable, Named, PyFunction, PyName, PyObject, PyTuple } from "./python.ts";

/** Python's functions that make an object of the class that is their first argument. */
const MAKERS =
  /^(copy_?reg\._(reconstructor|_newobj__|_newobj_ex__)|(__builtin__|builtins)\.getattr)$/;

/** What a call of a name that is not known stands for: an object of that class, whose attributes are not kept. */
function unknownObject(made: Named, args: readonly unknown[]): PyObject {
  const [type, base, content] = args;
  const maker = made instanceof PyName && MAKERS.test(made.name) && type instanceof PyName;
  const object = new PyObject(
    maker ? String(type) : made instanceof PyObject ? made.kind : String(made),
  );
  // Protocols 0 and 1 give a dictionary's entries to the maker.
  const dict = base instanceof PyFunction && base.name.endsWith(".dict");
  if (maker && dict && content instanceof Map) {
    for (const [key, value] of content) object.set(key, value);
  }
  return object;
}

/** Calls a function of the list; of any other name there is an object that does nothing. */
function pushCall(m: Machine, made: unknown, args: readonly unknown[]): void {
  if (made instanceof PyFunction) {
    const value = readOrNamed(() => made.call(args));
    m.count(value);
    m.pushNew(value);
  } else if (made instanceof Named) {
    const object = unknownObject(made, args);
    m.count(object.entries);
    m.pushNew(object);
  } else {
    throw m.damaged("calls what is not a function");
  }
}

/** Calls the function below the arguments. */
function call(m: Machine): void {
  const args = m.pop();
  const made = m.pop();
  if (!(args instanceof PyTuple)) throw m.damaged("calls something without a tuple of arguments");
  pushCall(m, made, args.items);
}

/** The same, with named arguments above the others. */
function callWithNames(m: Machine): void {
  const names = m.pop();
  if (!(names instanceof Map)) throw m.damaged("names arguments by what is not a dictionary");
  call(m);
}

/** Calls the class that lies lowest above the mark. */
function callMarked(m: Machine): void {
  const [made, ...args] = m.popMark();
  pushCall(m, made, args);
}

function instance(m: Machine): void {
  const made = m.find(m.reader.line(), m.reader.line());
  pushCall(m, made, m.popMark());
}

function extension(m: Machine, code: number): void {
  m.push(m.name(`copyreg extension ${code}`));
}

function build(m: Machine): void {
  const state = m.pop();
  const target = m.top();
  if (isBuildable(target)) {
    target.setState(state);
    m.count(target);
  } else if (!(target instanceof Named)) {
    throw new FormatError("it gives a state to an object that takes none; nothing of it was run");
  }
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
  [OP.NEWOBJ_EX]: callWithNames,
  [OP.OBJ]: callMarked,
  [OP.INST]: instance,
  [OP.EXT1]: (m) => extension(m, m.reader.u8()),
  [OP.EXT2]: (m) => extension(m, m.reader.u16()),
  [OP.EXT4]: (m) => extension(m, m.reader.u32()),
  [OP.BUILD]: build,
  [OP.PERSID]: (m) => m.push(m.persistent(m.reader.line())),
  [OP.BINPERSID]: (m) => m.push(m.persistent(m.pop())),
};
