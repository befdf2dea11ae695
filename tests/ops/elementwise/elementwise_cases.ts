import { assertEquals, assertThrows } from "@std/assert";
import { tensor } from "../../../src/tensor/create.ts";
import { broadcastShapes, numel, type Shape, stridesOf } from "../../../src/tensor/shape.ts";
import type { Tensor } from "../../../src/tensor/tensor.ts";
import { assertClose, values } from "../../helpers.ts";

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

/**
 * Compares the gradient of a function of one tensor with its formula.
 *
 * @param slope the derivative in float64
 */
export async function checkUnaryGradient(
  op: (x: Tensor) => Tensor,
  slope: (x: number) => number,
  [low, high]: readonly [number, number],
  tolerance = 1e-6,
): Promise<void> {
  for (const count of SIZES) {
    const data = between(`unary gradient ${count}`, count, low, high);
    const dy = values("dy", [count]);
    const x = tensor(data, null, { requiresGrad: true });
    op(x).backward({ gradient: tensor(dy) });
    assertClose(
      await x.grad!.data(),
      Float64Array.from(data, (v, i) => slope(v) * dy[i]),
      tolerance,
    );
  }
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

/**
 * Compares the gradients of a function of two tensors with their formula, of one shape and broadcast.
 *
 * @param slopes the derivatives by both in float64
 */
export async function checkBinaryGradients(
  op: BinaryOp,
  slopes: (a: number, b: number) => readonly [number, number],
): Promise<void> {
  for (const [aShape, bShape] of [[[1025], [1025]] as const, ...BROADCASTS]) {
    const a = between(`a ${aShape}`, numel(aShape), -2, 2);
    const b = between(`b ${bShape}`, numel(bShape), 0.5, 2);
    const shape = broadcastShapes(aShape, bShape);
    const dy = values("dy", shape);
    const [da, db] = [new Float64Array(a.length), new Float64Array(b.length)];
    for (let i = 0; i < dy.length; i++) {
      const position = positionOf(i, shape);
      const [ai, bi] = [indexOf(aShape, position), indexOf(bShape, position)];
      const [byA, byB] = slopes(a[ai], b[bi]);
      da[ai] += byA * dy[i];
      db[bi] += byB * dy[i];
    }
    const leaves = [[a, aShape] as const, [b, bShape] as const].map(([data, own]) =>
      tensor(data, own, { requiresGrad: true })
    );
    op(leaves[0], leaves[1]).backward({ gradient: tensor(dy, shape) });
    assertClose(await leaves[0].grad!.data(), da, 3e-6, `a of ${aShape} with ${bShape}:`);
    assertClose(await leaves[1].grad!.data(), db, 3e-6, `b of ${aShape} with ${bShape}:`);
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
  return Float64Array.from({ length: numel(shape) }, (_, i) => {
    const position = positionOf(i, shape);
    return reference(a[indexOf(aShape, position)], b[indexOf(bShape, position)]);
  });
}

/** Which element of a tensor of shape `own` is broadcast to a position. */
function indexOf(own: Shape, position: readonly number[]): number {
  const strides = stridesOf(own);
  return own.reduce((index, size, d) => {
    const where = position[position.length - own.length + d];
    return index + (size === 1 ? 0 : where * strides[d]);
  }, 0);
}

/** Where element `i` of a dense tensor is, dimension by dimension. */
export function positionOf(i: number, shape: Shape): number[] {
  return stridesOf(shape).map((stride, d) => Math.floor(i / stride) % shape[d]);
}
