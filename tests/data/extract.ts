import { dirname, join } from "@std/path";
import { readTar } from "../../src/data/cifar/read_tar.ts";

/** Unpacks a .tar.gz archive into a folder. */
export async function extract(archive: string, root: string): Promise<void> {
  const plain = new Blob([Deno.readFileSync(archive)]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(plain).arrayBuffer());
  for (const [path, file] of await readTar([bytes], { wanted: () => true })) {
    Deno.mkdirSync(join(root, dirname(path)), { recursive: true });
    Deno.writeFileSync(join(root, path), file);
  }
}
