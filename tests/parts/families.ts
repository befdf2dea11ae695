import { loadPart } from "../load_tests.ts";

await loadPart("families");
