import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import type { Family } from "../../src/parallel/launcher.ts";
import { ended, launchers, startRanks } from "./launchers.ts";

/** What three ranks have added up, by the MPI that they added it with. */
const sums = new Map<Family, string>();

/** Longest that ranks may live on after one of them, in milliseconds. */
const AFTER_DEATH = 5000;

/** Those of some processes that run, and are not only waited for. */
async function alive(processes: readonly number[]): Promise<string[]> {
  const args = processes.map((id) => `/proc/${id}/stat`);
  const { stdout } = await new Deno.Command("cat", { args, stderr: "null" }).output();
  return new TextDecoder().decode(stdout).split("\n")
    .filter((line) => line !== "" && !/\) [ZX] /.test(line));
}

for (const family of ["MPICH", "Open MPI"] as const) {
  const ignore = !launchers.has(family);

  Deno.test({
    name: `three ranks of ${family} add, broadcast, gather and wait, with the same bits`,
    ignore,
    fn: async () => {
      const { code, text } = await ended(startRanks(family, 3, ["collectives"]));
      assertEquals(code, 0, text);
      const lines = text.split("\n").filter((line) => /^rank \d/.test(line)).sort();
      assertMatch(text, /^ranks {6}3 on 1 host, joined by (MPICH|Open MPI) \S+ \(/m);
      assertMatch(text, /^ {11}2 on \S+: card, 1.0 GFLOP\/s\n/m);
      assertMatch(text, /^all-reduce {4}8 B in [\d.e+]+ ms\n {12}16 KB in .+ ms, .+ GB\/s\n/m);
      assertEquals(lines.map((line) => line.slice(0, 11)), [0, 1, 2].map((r) => `rank ${r} of 3`));
      lines.forEach((line, rank) => assertStringIncludes(line, `: ${rank} of 3, hash`));
      const hashes = new Set(lines.map((line) => line.split("hash ")[1]));
      assertEquals(hashes.size, 1, text);
      sums.set(family, [...hashes][0]);
      assertEquals(new Set(sums.values()).size, 1, "both MPIs add in the same order");
    },
  });

  Deno.test({
    name: `a rank of ${family} that fails ends the other`,
    ignore,
    fn: async () => {
      let failing = 0;
      const { code, text } = await ended(startRanks(family, 2, ["fail"]), (line) => {
        if (line === "failing") failing = performance.now();
      });
      assertNotEquals(code, 0);
      assertMatch(text, /rank 1 of 2 on \S+: error: no such file/);
      assert(performance.now() - failing < AFTER_DEATH, text);
    },
  });

  Deno.test({
    name: `a rank of ${family} that is killed ends the busy other`,
    ignore,
    fn: async () => {
      const ranks: number[] = [];
      let killed = 0;
      const launcher = startRanks(family, 2, ["hold"]);
      const { code, text } = await ended(launcher, (line) => {
        const [, pid] = /^pid (\d+)/.exec(line) ?? [];
        if (pid === undefined || ranks.push(Number(pid)) < 2) return;
        killed = performance.now();
        Deno.kill(ranks[0], "SIGKILL");
      });
      assertNotEquals(code, 0);
      assertMatch(text, /rank [01] of 2 on \S+ was ended by signal 9 \(SIGKILL\)/);
      let left = await alive(ranks);
      while (left.length > 0 && performance.now() - killed < AFTER_DEATH) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        left = await alive(ranks);
      }
      assertEquals(left, [], text);
      assert(performance.now() - killed < AFTER_DEATH, text);
    },
  });

  Deno.test({
    name: `Ctrl-C reaches all ranks of ${family}, which end together`,
    ignore,
    fn: async () => {
      let begun = 0;
      // Open MPI sends SIGTERM two seconds later, and SIGKILL after four: the ranks have to know before.
      const launcher = startRanks(family, 2, ["interrupt", "2500"], {
        OMPI_MCA_odls_base_sigkill_timeout: "2",
      });
      const { text } = await ended(launcher, (line) => {
        if (line.startsWith("pid") && ++begun === 2) launcher.kill("SIGINT");
      });
      for (const rank of [0, 1]) {
        assertMatch(text, new RegExp(`^rank ${rank} got SIG(INT|TERM)$`, "m"));
        assertMatch(text, new RegExp(`^rank ${rank} has saved$`, "m"));
      }
    },
  });
}

Deno.test({
  name: "ranks of Open MPI that were suspended go on, and end at SIGUSR2 in their own time",
  ignore: !launchers.has("Open MPI"),
  fn: async () => {
    const ranks: number[] = [];
    let asked = false;
    const launcher = startRanks("Open MPI", 2, ["interrupt", "1500"]);
    const { text } = await ended(launcher, async (line) => {
      if (/got SIG/.test(line)) assert(asked, line);
      if (!line.startsWith("pid") || ranks.push(Number(line.slice(4))) < 2) return;
      for (const [signal, milliseconds] of [["SIGSTOP", 2000], ["SIGCONT", 1000]] as const) {
        for (const rank of ranks) Deno.kill(rank, signal);
        await new Promise((resolve) => setTimeout(resolve, milliseconds));
      }
      asked = true;
      launcher.kill("SIGUSR2");
    });
    for (const rank of [0, 1]) {
      assertMatch(text, new RegExp(`^rank ${rank} got SIGTERM$`, "m"));
      assertMatch(text, new RegExp(`^rank ${rank} has saved$`, "m"));
    }
  },
});
