import { assertEquals, assertThrows } from "@std/assert";
import { dirname, join } from "@std/path";
import { listClasses, listImages, pythonOrder } from "../../../src/data/images/list_images.ts";
import { inTempDir } from "../../temp_dir.ts";

/** Makes empty files. */
function touch(root: string, ...paths: readonly string[]): void {
  for (const path of paths) {
    Deno.mkdirSync(join(root, dirname(path)), { recursive: true });
    Deno.writeTextFileSync(join(root, path), "");
  }
}

Deno.test("pythonOrder() goes by code points", () => {
  const names = [
    "\u{1f600}",
    "\uff21",
    "b",
    "a.b",
    "a",
    "B",
    "\ue000",
    "ä",
    "10",
    "9",
    "",
    "\u{1f600}a",
  ];
  // As Python 3 sorts the same list.
  assertEquals(names.toSorted(pythonOrder), [
    ...["", "10", "9", "B", "a", "a.b", "b", "ä", "\ue000", "\uff21", "\u{1f600}", "\u{1f600}a"],
  ]);
});

Deno.test("listImages() numbers classes and orders images as torchvision does", async () => {
  await inTempDir((root) => {
    touch(root, "\u{1f600}/1.png", "\uff21/1.png", ".b/1.PNG", ".b/.png");
    touch(root, "a/z.jpg", "a/n.txt", "a/b/2.tiff", "a/b c/3.webp", "a/b/c/4.pgm", "a/B/1.jpeg");
    const { classes, paths, labels } = listImages(root);
    // As torchvision.datasets.ImageFolder lists the same folder.
    assertEquals(classes, [".b", "a", "\uff21", "\u{1f600}"]);
    assertEquals(paths, [
      ...[
        ".b/.png",
        ".b/1.PNG",
        "a/z.jpg",
        "a/B/1.jpeg",
        "a/b/2.tiff",
        "a/b c/3.webp",
        "a/b/c/4.pgm",
      ],
      ...["\uff21/1.png", "\u{1f600}/1.png"],
    ]);
    assertEquals([...labels], [0, 0, 1, 1, 1, 1, 1, 2, 3]);
    assertEquals(listClasses(root), classes);
    return Promise.resolve();
  });
});

Deno.test("listImages() passes over folders of notebooks and what macOS keeps beside images", async () => {
  await inTempDir((root) => {
    touch(root, "a/1.png", "a/._1.png", ".ipynb_checkpoints/n.txt", ".git/objects/x");
    assertEquals(listImages(root).paths, ["a/1.png"]);
    assertEquals(listClasses(root), ["a"]);
    assertEquals(listClasses(join(root, "none")), []);
    touch(root, "empty/n.txt");
    assertThrows(() => listImages(root), Error, "empty has no image; remove it or put some there");
    assertEquals(listClasses(root), ["a", "empty"]);
    return Promise.resolve();
  });
});

Deno.test("listImages() follows links to folders, but not round in circles", async () => {
  await inTempDir((root) => {
    touch(root, "data/a/1.png", "elsewhere/2.png");
    Deno.symlinkSync(join(root, "elsewhere"), join(root, "data", "b"));
    Deno.symlinkSync(join(root, "data", "a"), join(root, "data", "a", "again"));
    Deno.symlinkSync("self.png", join(root, "data", "a", "self.png"));
    Deno.symlinkSync("/nonexistent", join(root, "data", "c"));
    Deno.symlinkSync("round", join(root, "data", "round"));
    const { classes, paths } = listImages(join(root, "data"));
    assertEquals(classes, ["a", "b"]);
    assertEquals(paths, ["a/1.png", "a/self.png", "b/2.png"]);
    return Promise.resolve();
  });
});

Deno.test("listImages() says of a class whose name is not UTF-8 that it is not", async () => {
  await inTempDir((root) => {
    touch(root, "a/1.png");
    // Deno cannot make such a name.
    const made = new Deno.Command("sh", {
      args: ["-c", `mkdir "$(printf 'caf\\351')" && : > "$(printf 'caf\\351')/1.png"`],
      cwd: root,
    }).outputSync();
    assertEquals(made.success, true);
    assertThrows(() => listImages(root), Error, "caf\ufffd: its name is not UTF-8");
    return Promise.resolve();
  });
});
