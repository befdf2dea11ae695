import { FormatError, UnreadError } from "../format_error.ts";
import { gather, swapped } from "../gather.ts";
import {
  ARRAY_TYPES,
  elementCount,
  type SafetensorsData,
  type SafetensorsDtype,
  type SafetensorsTensor,
} from "../safetensors/safetensors_dtype.ts";
import {
  type Buildable,
  latin1Bytes,
  Named,
  PyFunction,
  PyTuple,
  quoted,
  type Weighed,
} from "./python.ts";

/** NumPy's type codes that are read; numbers are sizes in bytes. */
const DTYPES: Readonly<Record<string, SafetensorsDtype>> = {
  f2: "F16",
  f4: "F32",
  f8: "F64",
  i1: "I8",
  i2: "I16",
  i4: "I32",
  i8: "I64",
  u1: "U8",
  u2: "U16",
  u4: "U32",
  u8: "U64",
  b1: "BOOL",
};

/** `numpy.dtype`. */
class NumpyDtype extends Named implements Buildable {
  readonly dtype: SafetensorsDtype;
  /** Whether the high bytes come first. */
  bigEndian = false;

  constructor(readonly code: unknown) {
    super();
    if (typeof code !== "string" || !Object.hasOwn(DTYPES, code)) {
      throw new UnreadError(`NumPy's type ${quoted(code)}`);
    }
    this.dtype = DTYPES[code];
  }

  /** The version, then the byte order. */
  setState(state: unknown): void {
    const order = state instanceof PyTuple ? state.items[1] : undefined;
    this.bigEndian = order === ">";
  }

  override toString(): string {
    return `numpy.dtype ${this.code}`;
  }
}

/** A NumPy array whose numbers are not read. */
const UNREAD = "" as SafetensorsDtype;

/** `numpy.ndarray`, empty until its state is given. */
class NumpyArray extends Named implements Buildable, SafetensorsTensor, Weighed {
  dtype: SafetensorsDtype = "U8";
  shape: readonly number[] = [0];
  data: SafetensorsData = new Uint8Array();

  /** Bytes of its numbers. */
  get weight(): number {
    return this.data.byteLength;
  }

  /** (version, shape, dtype, Fortran order, bytes). */
  setState(state: unknown): void {
    const [, shape, dtype, fortran, content] = state instanceof PyTuple ? state.items : [];
    if (dtype instanceof Named && !(dtype instanceof NumpyDtype)) this.dtype = UNREAD;
    else this.fill(shape, dtype, content, fortran === true);
  }

  override toString(): string {
    return this.dtype === UNREAD ? "a NumPy array, not read" : "a NumPy array";
  }

  fill(shape: unknown, dtype: unknown, content: unknown, fortran: boolean): this {
    const sizes = shape instanceof PyTuple ? [...shape.items] : undefined;
    const count = elementCount(sizes);
    if (dtype instanceof Named && !(dtype instanceof NumpyDtype)) {
      throw new UnreadError("a NumPy array or number");
    }
    if (!(dtype instanceof NumpyDtype) || Number.isNaN(count)) {
      throw new FormatError("it holds a NumPy array without a proper type and shape");
    }
    this.dtype = dtype.dtype;
    this.shape = sizes as number[];
    const data = numbers(dtype, content, count);
    this.data = fortran ? rowMajor(data, this.shape) : data;
    return this;
  }
}

/** Numbers in the order of Fortran, the first index fastest, in the order of C. */
function rowMajor(data: SafetensorsData, shape: readonly number[]): SafetensorsData {
  const stride = shape.map((_, i) => shape.slice(0, i).reduce((step, size) => step * size, 1));
  return gather(data, { offset: 0, shape, stride }, data.length);
}

function numbers(
  { dtype, bigEndian }: NumpyDtype,
  content: unknown,
  count: number,
): SafetensorsData {
  const bytes = typeof content === "string" ? latin1Bytes(content) : content;
  const ArrayType = ARRAY_TYPES[dtype];
  const wanted = count * ArrayType.BYTES_PER_ELEMENT;
  if (!(bytes instanceof Uint8Array) || bytes.length !== wanted) {
    throw new FormatError(
      `it holds a NumPy array of ${count} ${dtype} without the ${wanted} bytes that these take`,
    );
  }
  const own = bytes.slice();
  return new ArrayType((bigEndian ? swapped(own, ArrayType.BYTES_PER_ELEMENT) : own).buffer);
}

/** A NumPy scalar becomes a plain number, or true or false. */
function scalar([dtype, content]: readonly unknown[]): unknown {
  const { data, dtype: kind } = new NumpyArray().fill(new PyTuple([]), dtype, content, false);
  if (kind === "BOOL") return data[0] !== 0;
  if (kind === "F16") return new Float16Array(data.buffer as ArrayBuffer)[0];
  const value = data[0];
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Protocol 5: (bytes, dtype, shape, order). */
function fromBuffer([content, dtype, shape, order]: readonly unknown[]): NumpyArray {
  return new NumpyArray().fill(shape, dtype, content, order === "F");
}

function entry(name: string, call: (args: readonly unknown[]) => unknown): [string, unknown] {
  const dot = name.lastIndexOf(".");
  return [`${name.slice(0, dot)} ${name.slice(dot + 1)}`, new PyFunction(name, call)];
}

/** What NumPy's arrays and scalars are made with, by module and name. */
export const NUMPY_GLOBALS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  entry("numpy.dtype", ([code]) => new NumpyDtype(code)),
  entry("numpy.ndarray", () => new NumpyArray()),
  // Since NumPy 2 the package of the first is called _core.
  ...["numpy.core", "numpy._core"].flatMap((core) => [
    entry(`${core}.multiarray._reconstruct`, () => new NumpyArray()),
    entry(`${core}.multiarray.scalar`, scalar),
    entry(`${core}.numeric._frombuffer`, fromBuffer),
  ]),
  // The classes of the types, as newer NumPy names a dtype.
  ...["Float16", "Float32", "Float64", "Int8", "Int16", "Int32", "Int64", "UInt8", "Bool"]
    .map((name) => entry(`numpy.dtypes.${name}DType`, () => new NumpyDtype(codeOf(name)))),
]);

function codeOf(name: string): string {
  if (name === "Bool") return "b1";
  const [, kind, bits] = /^(Float|Int|UInt)(\d+)$/.exec(name)!;
  return `${kind[0].toLowerCase()}${Number(bits) / 8}`;
}
