import { assert, assertEquals, assertThrows } from "@std/assert";
import { basename, join } from "@std/path";
import { temporaryOf, WriteError, writeFileAtomic } from "../../src/formats/atomic_write.ts";
import { ioReason } from "../../src/formats/io_reason.ts";
import { inTempDir } from "../temp_dir.ts";

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("writeFileAtomic() makes folders, replaces the file and leaves nothing else", () => {
  return inTempDir((folder) => {
    const path = join(folder, "a", "b.bin");
    writeFileAtomic(path, new Uint8Array([1, 2, 3]));
    writeFileAtomic(path, "text");
    assertEquals(Deno.readTextFileSync(path), "text");
    assertEquals(names(join(folder, "a")), ["b.bin"]);
  });
});

Deno.test("writeFileAtomic() names path and cause, and removes its temporary file", () => {
  return inTempDir((folder) => {
    const path = join(folder, "taken");
    Deno.mkdirSync(path);
    const error = assertThrows(() => writeFileAtomic(path, "x"), WriteError);
    assertEquals(error.message, `cannot write ${path}: it is a folder, not a file`);
    assertEquals(names(folder), ["taken"]);
    Deno.writeTextFileSync(join(folder, "file"), "");
    const below = join(folder, "file", "x");
    const blocked = assertThrows(() => writeFileAtomic(below, "x"), WriteError);
    assert(blocked.message.startsWith(`cannot write ${below}: `), blocked.message);
    assert(blocked.cause instanceof Error);
  });
});

Deno.test("writeFileAtomic() puts no file in the place of a pipe", () => {
  return inTempDir((folder) => {
    const path = join(folder, "pipe");
    new Deno.Command("mkfifo", { args: [path] }).outputSync();
    const error = assertThrows(() => writeFileAtomic(path, "x"), WriteError);
    assertEquals(error.message, `cannot write ${path}: it is a pipe, not a file`);
    assertEquals([Deno.statSync(path).isFifo, names(folder)], [true, ["pipe"]]);
  });
});

Deno.test("writeFileAtomic() keeps the old file when the disk fills up", () => {
  return inTempDir((folder) => {
    const path = join(folder, "model");
    writeFileAtomic(path, "old");
    const write = Deno.FsFile.prototype.writeSync;
    Deno.FsFile.prototype.writeSync = () => {
      throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
    };
    try {
      const error = assertThrows(() => writeFileAtomic(path, "new"), WriteError);
      assertEquals(error.message, `cannot write ${path}: the disk is full`);
    } finally {
      Deno.FsFile.prototype.writeSync = write;
    }
    assertEquals(Deno.readTextFileSync(path), "old");
    assertEquals(names(folder), ["model"]);
  });
});

Deno.test("writeFileAtomic() names no temporary file twice, and temporaryOf() knows its names", () => {
  return inTempDir((folder) => {
    const path = join(folder, "latest");
    const { openSync } = Deno;
    const opened: string[] = [];
    Deno.openSync = (path, options) => {
      if (options?.createNew) opened.push(basename(String(path)));
      return openSync(path, options);
    };
    try {
      for (let i = 1; i < 20; i++) {
        // What a process of the same id would have left, whose names had ids and counts in them.
        Deno.writeTextFileSync(`${path}.${Deno.pid}-${i}.tmp`, "");
        writeFileAtomic(path, String(i));
      }
    } finally {
      Deno.openSync = openSync;
    }
    assertEquals(new Set(opened).size, 19);
    for (const name of [...opened, "latest.1-7.tmp"]) assertEquals(temporaryOf(name), "latest");
    assertEquals(["a.tmp", "latest", "a.b-1.tmp"].map(temporaryOf), [null, null, null]);
  });
});

Deno.test({
  name: "writeFileAtomic() flushes the file and then its folder, whose failure does not matter",
  ignore: Deno.build.os === "windows",
  fn() {
    inTempDir((folder) => {
      const sync = Deno.FsFile.prototype.syncSync;
      const synced: string[] = [];
      Deno.FsFile.prototype.syncSync = function () {
        const { isDirectory } = this.statSync();
        synced.push(isDirectory ? `folder of ${names(folder)}` : "file");
        if (isDirectory) throw new Error("Invalid argument (os error 22)");
        sync.call(this);
      };
      try {
        writeFileAtomic(join(folder, "model"), "new");
      } finally {
        Deno.FsFile.prototype.syncSync = sync;
      }
      assertEquals(synced, ["file", "folder of model"]);
      assertEquals(Deno.readTextFileSync(join(folder, "model")), "new");
    });
  },
});

Deno.test("ioReason() puts the causes in words", () => {
  const coded = (code: string) => ioReason(Object.assign(new Error("x"), { code }));
  assertEquals(coded("EROFS"), "the file system is read-only");
  assertEquals(coded("EACCES"), "permission denied");
  assertEquals(ioReason(new Deno.errors.NotFound("x")), "there is no such file or folder");
  assertEquals(ioReason(new Deno.errors.PermissionDenied("x")), "permission denied");
  assertEquals(
    ioReason(new Error("Too many links (os error 31): rename 'a' -> 'b'")),
    "Too many links",
  );
  assertEquals(ioReason("odd"), "odd");
});
