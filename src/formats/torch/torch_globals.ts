import { FormatError, UnreadError } from "../format_error.ts";
import { BUILTIN_GLOBALS } from "../pickle/builtins.ts";
import { NUMPY_GLOBALS } from "../pickle/numpy.ts";
import { Named, PyFunction, PyName, PyObject, PyTuple, quoted } from "../pickle/python.ts";
import type { SafetensorsDtype } from "../safetensors/safetensors_dtype.ts";
import { type Allowance, itemSize, TorchStorage } from "./torch_storage.ts";
import { checkedTensor, TorchTensor } from "./torch_tensor.ts";

/** A type of storage by its name in Python, such as `FloatStorage`. */
export class StorageType extends Named {
  /**
   * Bytes of an untyped storage are counted as U8.
   *
   * @param name its name in Python, or that of its numbers where they are not read
   * @param dtype the type of its numbers here, or null where they are not read
   * @param size bytes of one of them
   */
  constructor(
    readonly name: string,
    readonly dtype: SafetensorsDtype | null,
    readonly size: number,
  ) {
    super();
  }

  /** As Python prints it. */
  override toString(): string {
    return `torch.${this.name}`;
  }
}

/** A `torch.dtype`, such as `torch.float32`. */
class TorchDtype extends Named {
  /** By its name in PyTorch and its type here, if it can be read. */
  constructor(readonly name: string, readonly dtype: SafetensorsDtype | null) {
    super();
  }

  /** As Python prints it. */
  override toString(): string {
    return `torch.${this.name}`;
  }
}

/** PyTorch's names of the types that are read. */
export const TORCH_STORAGES: Readonly<Record<SafetensorsDtype, string>> = {
  F64: "DoubleStorage",
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  I64: "LongStorage",
  I32: "IntStorage",
  I16: "ShortStorage",
  I8: "CharStorage",
  U8: "ByteStorage",
  BOOL: "BoolStorage",
  // PyTorch has no typed storages of these: it writes an untyped one.
  U64: "UntypedStorage",
  U32: "UntypedStorage",
  U16: "UntypedStorage",
  F8_E4M3: "UntypedStorage",
  F8_E5M2: "UntypedStorage",
  F8_E4M3FNUZ: "UntypedStorage",
  F8_E5M2FNUZ: "UntypedStorage",
  F8_E8M0: "UntypedStorage",
};

/** Storages whose numbers are not read, with the bytes of one: older files hold them one behind the other. */
const UNREAD_STORAGES: Readonly<Record<string, readonly [name: string, size: number]>> = {
  ComplexFloatStorage: ["complex64", 8],
  ComplexDoubleStorage: ["complex128", 16],
  QInt8Storage: ["qint8", 1],
  QUInt8Storage: ["quint8", 1],
  QInt32Storage: ["qint32", 4],
  QUInt4x2Storage: ["quint4x2", 1],
  QUInt2x4Storage: ["quint2x4", 1],
};

const DTYPES: Readonly<Record<string, SafetensorsDtype | null>> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  float8_e4m3fn: "F8_E4M3",
  float8_e5m2: "F8_E5M2",
  float8_e4m3fnuz: "F8_E4M3FNUZ",
  float8_e5m2fnuz: "F8_E5M2FNUZ",
  float8_e8m0fnu: "F8_E8M0",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
  complex64: null,
  complex128: null,
};

/** Functions that make tensors whose numbers are not read. */
const UNREAD_TENSORS: Readonly<Record<string, string>> = {
  "torch._utils _rebuild_qtensor": "a quantized tensor",
  "torch._utils _rebuild_sparse_tensor": "a sparse tensor",
  "torch._utils _rebuild_sparse_csr_tensor": "a sparse tensor",
  "torch._utils _rebuild_nested_tensor": "a nested tensor",
  "torch._utils _rebuild_meta_tensor_no_storage": "a tensor without numbers, on the device meta",
};

function tupleItems(value: unknown): unknown {
  return value instanceof PyTuple ? [...value.items] : value;
}

function parameter([tensor]: readonly unknown[]): TorchTensor | PyObject {
  if (tensor instanceof PyObject) return tensor;
  if (!(tensor instanceof TorchTensor)) throw new FormatError("a parameter holds no tensor");
  return tensor;
}

function size([sizes]: readonly unknown[]): PyTuple {
  const items = tupleItems(sizes);
  if (!Array.isArray(items)) throw new FormatError(`a size is made of ${quoted(sizes)}`);
  return new PyTuple(items);
}

function device(args: readonly unknown[]): string {
  if (!args.every((arg) => typeof arg === "string" || typeof arg === "number")) {
    throw new FormatError(`a device is named by ${quoted(args)}`);
  }
  return args.join(":");
}

/** A view that PyTorch negates or conjugates when it reads it. */
function refuseLazy(facts: unknown): void {
  if (facts instanceof Map && (facts.get("neg") || facts.get("conj"))) {
    throw new UnreadError(
      "a negated or conjugated tensor",
      "it holds a tensor that stands for the negative or conjugate of its numbers; save it after .resolve_neg() or .resolve_conj()",
    );
  }
}

/** A tensor with attributes of its own, which are not kept. */
function withAttributes([make, , args]: readonly unknown[]): unknown {
  if (make instanceof PyName) throw new UnreadError(`a tensor made by ${make}`);
  if (!(make instanceof PyFunction) || !(args instanceof PyTuple)) {
    throw new FormatError("a tensor with attributes is not made as PyTorch makes it");
  }
  return make.call(args.items);
}

function rebuilders(allowance: Allowance): Record<string, (args: readonly unknown[]) => unknown> {
  const rebuild = (args: readonly unknown[], facts: unknown = args[6]) => {
    const [storage, offset, shape, stride] = args;
    refuseLazy(facts);
    return checkedTensor(storage, offset, tupleItems(shape), tupleItems(stride), allowance);
  };
  const withDtype = (args: readonly unknown[]) => {
    const [storage, ...rest] = args;
    const dtype = args[6];
    if (!(storage instanceof TorchStorage) || !(dtype instanceof TorchDtype) || !dtype.dtype) {
      throw new UnreadError(`a tensor of ${quoted(dtype)}`);
    }
    return rebuild([storage.as(dtype.dtype), ...rest], args[7]);
  };
  return {
    "torch._utils _rebuild_tensor": (args) => rebuild(args),
    "torch._utils _rebuild_tensor_v2": (args) => rebuild(args),
    "torch._utils _rebuild_tensor_v3": withDtype,
    "torch._utils _rebuild_parameter": parameter,
    "torch._utils _rebuild_parameter_with_state": parameter,
    "torch._tensor _rebuild_from_type_v2": withAttributes,
    "torch Size": size,
    "torch device": device,
  };
}

function unreadTensors(): Record<string, () => never> {
  return Object.fromEntries(
    Object.entries(UNREAD_TENSORS).map(([name, what]) => [name, () => {
      throw new UnreadError(what);
    }]),
  );
}

function storageTypes(): [string, StorageType][] {
  const read = Object.entries(TORCH_STORAGES)
    .filter(([, name]) => name !== "UntypedStorage")
    .map(([key, name]) => {
      const dtype = key as SafetensorsDtype;
      return [name, new StorageType(name, dtype, itemSize(dtype))] as const;
    });
  const unread = Object.entries(UNREAD_STORAGES)
    .map(([key, [name, size]]) => [key, new StorageType(name, null, size)] as const);
  const untyped = new StorageType("UntypedStorage", "U8", 1);
  return [
    ...[...read, ...unread].flatMap(([name, type]): [string, StorageType][] => [
      [`torch ${name}`, type],
      [`torch.cuda ${name}`, type],
    ]),
    ["torch UntypedStorage", untyped],
    ["torch.storage UntypedStorage", untyped],
    ["torch.cuda UntypedStorage", untyped],
  ];
}

/**
 * Every Python name that a torch file may use, with what it does here. All of it makes plain data.
 *
 * @param allowance limits the bytes of the tensors
 */
export function torchGlobals(allowance: Allowance): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ...BUILTIN_GLOBALS,
    ...NUMPY_GLOBALS,
    ...storageTypes(),
    ...Object.entries(DTYPES).map(([name, dtype]): [string, unknown] => [
      `torch ${name}`,
      new TorchDtype(name, dtype),
    ]),
    ...Object.entries({ ...rebuilders(allowance), ...unreadTensors() }).map((
      [name, call],
    ): [string, unknown] => [
      name,
      new PyFunction(name.replace(" ", "."), call),
    ]),
  ]);
}
