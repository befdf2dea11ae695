import { assertEquals, assertThrows } from "@std/assert";
import {
  broadcastShapes,
  checkShape,
  formatShape,
  inferShape,
  normalizeDim,
  numel,
  sameShape,
  stridesOf,
} from "../../src/tensor/shape.ts";

Deno.test("numel() multiplies sizes", () => {
  assertEquals([numel([]), numel([5]), numel([2, 3, 4])], [1, 5, 24]);
});

Deno.test("formatShape() writes brackets", () => {
  assertEquals([formatShape([]), formatShape([2, 3])], ["[]", "[2, 3]"]);
});

Deno.test("sameShape() compares length and sizes", () => {
  assertEquals([sameShape([2, 3], [2, 3]), sameShape([2], [2, 1]), sameShape([2], [3])], [
    true,
    false,
    false,
  ]);
});

Deno.test("stridesOf() is row-major", () => {
  assertEquals([stridesOf([2, 3, 4]), stridesOf([5]), stridesOf([])], [[12, 4, 1], [1], []]);
});

Deno.test("broadcastShapes() follows NumPy", () => {
  assertEquals(broadcastShapes([3, 1, 5], [4, 1]), [3, 4, 5]);
  assertEquals(broadcastShapes([], [2, 3]), [2, 3]);
  assertEquals(broadcastShapes([1], [1]), [1]);
  assertThrows(
    () => broadcastShapes([2, 3], [2]),
    RangeError,
    "shapes [2, 3] and [2] do not broadcast",
  );
});

Deno.test("normalizeDim() counts from both ends", () => {
  assertEquals([normalizeDim(0, 3), normalizeDim(-1, 3), normalizeDim(2, 3)], [0, 2, 2]);
  for (const dim of [3, -4, 0.5]) {
    assertThrows(() => normalizeDim(dim, 3), RangeError, `dimension ${dim} is out of range`);
  }
});

Deno.test("inferShape() fills in one -1", () => {
  assertEquals(inferShape([2, -1], 6), [2, 3]);
  assertEquals(inferShape([-1], 1), [1]);
  assertEquals(inferShape([3, 2], 6), [3, 2]);
  for (const shape of [[4, -1], [-1, -1], [5], [0, -1]]) {
    assertThrows(() => inferShape(shape, 6), RangeError, "6 elements do not fit shape");
  }
});

Deno.test("checkShape() refuses empty and fractional sizes", () => {
  checkShape([]);
  checkShape([1, 2]);
  for (const shape of [[0], [2, -1], [1.5], [NaN]]) {
    assertThrows(() => checkShape(shape), RangeError, "sizes must be 1 or more");
  }
});
