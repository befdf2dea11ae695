import { assertEquals, assertThrows } from "@std/assert";
import { ClothesError, parseClothes } from "../../../src/data/fashion_mnist/parse_clothes.ts";

function parse(text: string, images = 3): [number, number[]] {
  const target = new Uint8Array(images * 2);
  const count = parseClothes(new TextEncoder().encode(text), 2, target);
  return [count, [...target]];
}

Deno.test("parseClothes() reads rows and skips empty ones", () => {
  assertEquals(parse('{"data":[[1,2],[],[ 30 , 255 ],\n[0,9],[]]}'), [3, [1, 2, 30, 255, 0, 9]]);
  assertEquals(parse('{"data":[]}'), [0, [0, 0, 0, 0, 0, 0]]);
});

Deno.test("parseClothes() refuses damaged files", () => {
  const cases: [string, string][] = [
    ["{}", "no list of images"],
    ['{"data":[[1,2],[3', "ends inside an image"],
    ['{"data":[[1,2],', "ends inside the list"],
    ['{"data":[[1,256]]}', "more than 255"],
    ['{"data":[[1,-2]]}', "not a number"],
    ['{"data":[[1]]}', "1 pixels instead of 2"],
    ['{"data":[[1,2,3]]}', "3 pixels instead of 2"],
    ['{"data":[[1,2],[1,2],[1,2],[1,2]]}', "more than 3 images"],
  ];
  for (const [text, message] of cases) assertThrows(() => parse(text), ClothesError, message);
});
