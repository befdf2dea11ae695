import { FormatError } from "../format_error.ts";
import { BUILTIN_GLOBALS } from "../pickle/builtins.ts";
import { NUMPY_GLOBALS } from "../pickle/numpy.ts";
import { Named, PyFunction, PyTuple, quoted } from "../pickle/python.ts";
import type { SafetensorsDtype } from "../safetensors_dtype.ts";
import { type Allowance, TorchStorage } from "./torch_storage.ts";
import { checkedTensor, TorchTensor } from "./torch_tensor.ts";

/** A type of storage by its name in Python, such as `FloatStorage`. */
export class StorageType {
  /** Bytes of an untyped storage are counted as U8. */
  constructor(readonly name: string, readonly dtype: SafetensorsDtype) {}
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
};

const DTYPES: Readonly<Record<string, SafetensorsDtype | null>> = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
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

/** Types of tensors and parameters, which are only named. */
const CLASSES = ["torch Tensor", "torch.nn.parameter Parameter", "torch.nn.parameter Buffer"];

function tupleItems(value: unknown): unknown {
  return value instanceof PyTuple ? [...value.items] : value;
}

function parameter([tensor]: readonly unknown[]): TorchTensor {
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
    throw new FormatError(
      "it holds a tensor that stands for the negative or conjugate of its numbers; save it after .resolve_neg() or .resolve_conj()",
    );
  }
}

/** A tensor with attributes of its own, which are not kept. */
function withAttributes([make, , args]: readonly unknown[]): unknown {
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
      throw new FormatError(`a tensor of ${quoted(dtype)} cannot be read`);
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

function storageTypes(): [string, StorageType][] {
  const types = Object.entries(TORCH_STORAGES)
    .filter(([, name]) => name !== "UntypedStorage")
    .map(([dtype, name]) => new StorageType(name, dtype as SafetensorsDtype));
  const untyped = new StorageType("UntypedStorage", "U8");
  return [
    ...types.flatMap((type): [string, StorageType][] => [
      [`torch ${type.name}`, type],
      [`torch.cuda ${type.name}`, type],
    ]),
    ["torch UntypedStorage", untyped],
    ["torch.storage UntypedStorage", untyped],
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
    ...CLASSES.map((name): [string, unknown] => [name, name]),
    ...Object.entries(rebuilders(allowance)).map(([name, call]): [string, unknown] => [
      name,
      new PyFunction(name.replace(" ", "."), call),
    ]),
  ]);
}
