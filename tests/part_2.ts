import { loadTests } from "./load_tests.ts";
import { PART_2 } from "./part_2_folders.ts";

await loadTests((folder) => PART_2.includes(folder));
