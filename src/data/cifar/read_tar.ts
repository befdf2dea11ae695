import { UserError } from "../../errors.ts";
const BLOCK = 512;

function text(header: Uint8Array, from: number, to: number): string {
  const field = header.subarray(from, to);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, from: number, to: number): number {
  const digits = text(header, from, to).trim();
  if (!/^[0-7]*$/.test(digits)) throw new UserError("a header of the archive is damaged");
  return digits === "" ? 0 : parseInt(digits, 8);
}

function checkHeader(header: Uint8Array): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : header[i];
  if (sum !== octal(header, 148, 156)) throw new UserError("a header of the archive is damaged");
}

/** What is read of an archive. */
interface TarLimits {
  /** Says of a path whether its file is wanted. */
  readonly wanted: (path: string) => boolean;
  /** Largest file that is kept, in bytes; default any. */
  readonly largestFile?: number;
  /** Bytes after which the archive is given up; default none. */
  readonly largest?: number;
}

type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Takes bytes off a stream, keeping no more than what is asked for. */
class Taker {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array();
  #taken = 0;

  constructor(pieces: Pieces, readonly largest: number) {
    this.#pieces = Symbol.asyncIterator in pieces
      ? pieces[Symbol.asyncIterator]()
      : pieces[Symbol.iterator]();
  }

  /** Gives the next bytes away, piece by piece; false where there are fewer. */
  async take(count: number, give: (bytes: Uint8Array) => void): Promise<boolean> {
    this.#taken += count;
    if (this.#taken > this.largest) {
      throw new UserError(
        `it holds more than ${this.largest} bytes before the end of what is wanted`,
      );
    }
    for (let left = count; left > 0;) {
      if (this.#piece.length === 0) {
        const next = await this.#pieces.next();
        if (next.done) return false;
        this.#piece = next.value;
      }
      const part = this.#piece.subarray(0, left);
      give(part);
      this.#piece = this.#piece.subarray(part.length);
      left -= part.length;
    }
    return true;
  }

  /** The next bytes; null where there are fewer. */
  async bytes(count: number): Promise<Uint8Array | null> {
    const bytes = new Uint8Array(count);
    let done = 0;
    const isWhole = await this.take(count, (part) => {
      bytes.set(part, done);
      done += part.length;
    });
    return isWhole ? bytes : null;
  }

  /** Lets go of the stream. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

/**
 * The plain files of a tar archive whose names are wanted. Names longer than a header holds are not put together.
 *
 * @param pieces the archive, unpacked, in pieces of any size
 * @throws {UserError} where the archive is damaged, ends too early or is larger than it may be
 */
export async function readTar(pieces: Pieces, limits: TarLimits): Promise<Map<string, Uint8Array>> {
  const { wanted, largestFile = Infinity, largest = Infinity } = limits;
  const files = new Map<string, Uint8Array>();
  const taker = new Taker(pieces, largest);
  try {
    for (;;) {
      const header = await taker.bytes(BLOCK);
      if (!header) throw new UserError("the archive ends too early");
      if (header.every((byte) => byte === 0)) return files;
      checkHeader(header);
      const size = octal(header, 124, 136);
      const prefix = text(header, 257, 262) === "ustar" ? text(header, 345, 500) : "";
      const name = text(header, 0, 100).replace(/^\.\//, "");
      const path = prefix ? `${prefix}/${name}` : name;
      const isPlain = header[156] === 0 || header[156] === 0x30;
      let left = Math.ceil(size / BLOCK) * BLOCK;
      if (isPlain && wanted(path)) {
        if (size > largestFile) {
          throw new UserError(`its ${path} has ${size} bytes, which is too much`);
        }
        const file = await taker.bytes(size);
        if (!file) throw new UserError("the archive ends too early");
        files.set(path, file);
        left -= size;
      }
      if (!await taker.take(left, () => {})) throw new UserError("the archive ends too early");
    }
  } finally {
    await taker.close();
  }
}
