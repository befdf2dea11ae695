import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { findPictures } from "../../../src/data/pictures/find_pictures.ts";
import { expandGlob } from "../../../src/data/pictures/glob.ts";
import { FILES } from "../image_fixture.ts";
import { inTempDir } from "../../temp_dir.ts";

const TREE = ["b.png", "a.jpg", "c.txt", ".h.png", "x/d.PNG", "x/y/e.webp", ".z/f.png", "[1].png"];

function plant(folder: string): (path: string) => string {
  for (const path of TREE) {
    Deno.mkdirSync(join(folder, path, ".."), { recursive: true });
    Deno.writeTextFileSync(join(folder, path), "");
  }
  Deno.mkdirSync(join(folder, "empty"));
  return (path) => path.slice(folder.length + 1);
}

Deno.test("expandGlob() finds what a shell would, sorted", async () => {
  await inTempDir((folder) => {
    const below = plant(folder);
    const found = (pattern: string) => expandGlob(join(folder, pattern)).map(below);
    assertEquals(found("*.png"), ["[1].png", "b.png"]);
    assertEquals(found(".*.png"), [".h.png"]);
    assertEquals(found("{b,a}.{jpg,png}"), ["a.jpg", "b.png"]);
    assertEquals(found("[a-b].???"), ["a.jpg", "b.png"]);
    assertEquals(found("[!a].???"), ["b.png", "c.txt"]);
    assertEquals(found("**/*.*"), ["[1].png", "a.jpg", "b.png", "c.txt", "x/d.PNG", "x/y/e.webp"]);
    assertEquals(found("x/**"), ["x", "x/y"]);
    assertEquals(found("*/y/*.webp"), ["x/y/e.webp"]);
    assertEquals(found("[[]1].png"), ["[1].png"]);
    assertEquals(found("[b-a].png"), []);
    assertEquals(found("nowhere/*"), []);
  });
});

Deno.test("findPictures() takes files, folders, patterns and standard input in their order", async () => {
  await inTempDir(async (folder) => {
    const below = plant(folder);
    const found = async (words: string[], stdin: Uint8Array | string = "") => {
      const bytes = typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin;
      const { pictures, failures } = await findPictures(
        words.map((word) => word === "-" ? word : join(folder, word)),
        () => Promise.resolve(bytes),
        (word) => join(folder, word),
      );
      return [
        ...pictures.map(({ path, bytes }) => bytes ? `${bytes.length} bytes` : below(path)),
        ...failures.map(({ path, reason }) => `${below(path)}: ${reason}`),
      ];
    };
    assertEquals(await found(["x", "a.jpg", "a.jpg"]), ["x/d.PNG", "x/y/e.webp", "a.jpg", "a.jpg"]);
    assertEquals(await found(["x/*", "[1].png"]), ["x/d.PNG", "x/y/e.webp", "[1].png"]);
    assertEquals(await found(["none.png", "no*", "empty"]), [
      ...["none.png", "no*: nothing matches it", "empty: there is no picture in the folder"],
    ]);
    assertEquals(await found(["{x,empty}", "emp*"]), [
      ...["x/d.PNG", "x/y/e.webp", "emp*: there is no picture in the folders that match it"],
    ]);
    assertEquals(await found(["-", "b.png"], "a.jpg\r\nx\n\n"), [
      ...["a.jpg", "x/d.PNG", "x/y/e.webp", "b.png"],
    ]);
    assertEquals(await found(["-"], "a.jpg\0b.png\0"), ["a.jpg", "b.png"]);
    const [jpeg] = FILES.values();
    assertEquals(await found(["-", "-"], jpeg), [`${jpeg.length} bytes`]);
    assertEquals(await found(["-"], "P2 1 1 255 7\n"), ["13 bytes"]);
    assertEquals(await found(["-"], ""), ["0 bytes"]);
  });
});
