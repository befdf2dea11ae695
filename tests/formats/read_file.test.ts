import { assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { ioReason } from "../../src/formats/io_reason.ts";
import { FileKindError, openRegularFile, readRegularFile } from "../../src/formats/read_file.ts";
import { inTempDir } from "../temp_dir.ts";

function reason(path: string, maxBytes?: number): string {
  try {
    readRegularFile(path, maxBytes);
  } catch (error) {
    return ioReason(error);
  }
  return "was read";
}

Deno.test("readRegularFile() reads files and links to files, up to the bound", async () => {
  await inTempDir((folder) => {
    const path = join(folder, "file");
    Deno.writeFileSync(path, Uint8Array.of(1, 2, 3));
    Deno.symlinkSync(path, join(folder, "link"));
    assertEquals(readRegularFile(path), Uint8Array.of(1, 2, 3));
    assertEquals(readRegularFile(join(folder, "link"), 3), Uint8Array.of(1, 2, 3));
    assertEquals(reason(path, 2), "it has 3 bytes; at most 2 are read");
    using file = openRegularFile(path);
    assertEquals([...file.read(1, 2), ...file.read(2, 9), ...file.read(7, 9)], [2, 3]);
    assertEquals(file.size, 3);
  });
});

Deno.test("readRegularFile() neither waits for a pipe nor reads a device or a folder", async () => {
  await inTempDir((folder) => {
    const pipe = join(folder, "pipe");
    new Deno.Command("mkfifo", { args: [pipe] }).outputSync();
    Deno.symlinkSync(pipe, join(folder, "to_pipe"));
    Deno.symlinkSync("/dev/zero", join(folder, "zero"));
    assertThrows(() => readRegularFile(pipe), FileKindError, "it is a pipe, not a file");
    assertEquals(reason(join(folder, "to_pipe")), "it is a pipe, not a file");
    assertEquals(reason(join(folder, "zero")), "it is a device, not a file");
    assertEquals(reason(folder), "it is a folder, not a file");
    assertEquals(reason(join(folder, "none")), "there is no such file or folder");
  });
});

Deno.test("readRegularFile() says where a file is larger than the memory", async () => {
  await inTempDir((folder) => {
    const path = join(folder, "sparse");
    Deno.writeFileSync(path, new Uint8Array());
    Deno.truncateSync(path, 2 ** 42);
    assertEquals(reason(path), `there is not enough memory for its ${2 ** 42} bytes`);
    assertEquals(reason(path, 2 ** 20), `it has ${2 ** 42} bytes; at most ${2 ** 20} are read`);
  });
});
