import { assertEquals, assertThrows } from "@std/assert";
import { tensor } from "../../src/tensor/create.ts";
import { broadcastShapes, numel, type Shape, stridesOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertClose, checkGradients, values } from "../helpers.ts";

/** Sizes around the blocks of element-wise kernels: one element, less than a vec4, odd, many blocks. */
export const SIZES: readonly number[] = [1, 3, 1023, 1025, 5000];

/** Pairs of shapes that broadcast: both ways, rows of whole vec4 and others, up to five dimensions. */
export const BROADCASTS: readonly (readonly [Shape, Shape])[] = [
  [[6, 8], [8]],
  [[6, 8], [6, 1]],
  [[7], [3, 7]],
  [[2, 3, 5], [3, 1]],
  [[4, 1, 6], [1, 5, 6]],
  [[3, 1], [1, 4]],
  [[2, 5, 8], [1]],
  [[2, 3, 2, 1, 4], [1, 3, 1, 5, 1]],
];

/** Procedural values in (low, high). */
export function between(name: string, count: number, low: number, high: number): Float32Array {
  return values(name, [count]).map((v) => low + (high - low) * (v + 1) / 2);
}

/** Compares a function of one tensor with its reference, element by element, and with itself. */
export async function checkUnary(
  op: (x: Tensor) => Tensor,
  reference: (x: number) => number,
  [low, high]: readonly [number, number],
  tolerance = 1e-6,
): Promise<void> {
  for (const count of SIZES) {
    const x = between(`unary ${count}`, count, low, high);
    const y = await op(tensor(x)).data();
    assertClose(y, Float64Array.from(x, reference), tolerance);
    assertEquals(await op(tensor(x)).data(), y);
  }
}

/** Compares the gradient of a function of one tensor with central differences. */
export async function checkUnaryGradient(
  op: (x: Tensor) => Tensor,
  [low, high]: readonly [number, number],
): Promise<void> {
  const data = between("unary gradient", 11, low, high);
  await checkGradients(op, [{ shape: [11], data }], { step: 2e-3 });
}

/** Fails unless a function of one tensor refuses integers by name. */
export function checkRefusesIntegers(op: (x: Tensor) => Tensor, name: string): void {
  const error = assertThrows(() => op(tensor(Int32Array.of(1, 2))), TypeError);
  assertEquals(error.message, `${name}() wants float32 tensors, not int32`);
}

type BinaryOp = (a: Tensor, b: Tensor) => Tensor;

/** Compares a function of two tensors with its reference, of one shape and broadcast. */
export async function checkBinary(
  op: BinaryOp,
  reference: (a: number, b: number) => number,
): Promise<void> {
  const pairs = [...SIZES.map((n) => [[n], [n]] as const), ...BROADCASTS];
  for (const [aShape, bShape] of pairs) {
    const a = between(`a ${aShape}`, numel(aShape), -2, 2);
    const b = between(`b ${bShape}`, numel(bShape), 0.5, 2);
    const y = op(tensor(a, aShape), tensor(b, bShape));
    const expected = broadcastReference(a, aShape, b, bShape, reference);
    assertEquals(y.shape, broadcastShapes(aShape, bShape));
    const found = await y.data();
    assertClose(found, expected, 1e-6, `${aShape} with ${bShape}:`);
    assertEquals(await op(tensor(a, aShape), tensor(b, bShape)).data(), found);
  }
}

/** Compares the gradients of a function of two tensors with central differences, also broadcast. */
export async function checkBinaryGradients(op: BinaryOp): Promise<void> {
  const pairs = [[[7], [7]] as const, BROADCASTS[1], BROADCASTS[2], BROADCASTS[4]];
  for (const [aShape, bShape] of pairs) {
    const a = between("gradient a", numel(aShape), -2, 2);
    const b = between("gradient b", numel(bShape), 0.5, 2);
    await checkGradients(op, [{ shape: aShape, data: a }, { shape: bShape, data: b }], {
      samples: 6,
      step: 2e-3,
    });
  }
}

/** Fails unless a function of two tensors refuses shapes that do not broadcast, and integers. */
export function checkBinaryRefusals(op: BinaryOp, name: string): void {
  const a = tensor(new Float32Array(6), [2, 3]);
  assertThrows(() => op(a, tensor([1, 2])), RangeError, "shapes [2, 3] and [2] do not broadcast");
  const integers = tensor(Int32Array.of(1, 2, 3));
  assertThrows(() => op(a, integers), TypeError, `${name}() wants float32 tensors, not int32`);
}

function broadcastReference(
  a: Float32Array,
  aShape: Shape,
  b: Float32Array,
  bShape: Shape,
  reference: (a: number, b: number) => number,
): Float64Array {
  const shape = broadcastShapes(aShape, bShape);
  const at = (own: Shape, position: readonly number[]) => {
    const strides = stridesOf(own);
    return own.reduce((index, size, d) => {
      const where = position[position.length - own.length + d];
      return index + (size === 1 ? 0 : where * strides[d]);
    }, 0);
  };
  return Float64Array.from({ length: numel(shape) }, (_, i) => {
    const position = positionOf(i, shape);
    return reference(a[at(aShape, position)], b[at(bShape, position)]);
  });
}

/** Where element `i` of a dense tensor is, dimension by dimension. */
export function positionOf(i: number, shape: Shape): number[] {
  return stridesOf(shape).map((stride, d) => Math.floor(i / stride) % shape[d]);
}
