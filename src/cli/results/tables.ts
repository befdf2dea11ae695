/** One way to train, with its configuration. */
export interface ResultMethod {
  /** As `--methods` and the recorded results name it. */
  readonly name: string;
  /** As the table names it. */
  readonly title: string;
  /** The configuration file. */
  readonly cfg: string;
}

/** What the `results` command compares on one data set: one student, trained in several ways. */
export interface ResultTable {
  /** As `--table` names it. */
  readonly name: string;
  /**
   * In the table's order. The first is the teacher's own training, for where no configuration names its file; a table of a
   * published teacher has none.
   */
  readonly methods: readonly ResultMethod[];
  /** The words behind `deno task` that prepare its images and a published teacher; missing where nothing has to be. */
  readonly prepare?: string;
}

/** Name of the method that trains the teacher. */
export const TEACHER = "teacher";

/** Names and titles of the methods with a teacher, by the folder of their configurations. */
const TAUGHT: readonly (readonly [string, string])[] = [
  ["kd", "KD"],
  ["wkd_l", "WKD-L"],
  ["wkd_f", "WKD-F"],
  ["wkd_l_f", "WKD-L + WKD-F"],
];

/** The table of the configurations `configs/<name>/<method>/<teacher>_<student>.yaml`. */
function table(
  name: string,
  teacher: string,
  student: string,
  { prepare }: { prepare?: string } = {},
): ResultTable {
  const cfg = (folder: string, models: string) => `configs/${name}/${folder}/${models}.yaml`;
  return {
    name,
    ...(prepare && { prepare }),
    methods: [
      ...(prepare ? [] : [{ name: TEACHER, title: "teacher", cfg: cfg("vanilla", teacher) }]),
      { name: "alone", title: "student alone", cfg: cfg("vanilla", student) },
      ...TAUGHT.map(([method, title]) => {
        return { name: method, title, cfg: cfg(method, `${teacher}_${student}`) };
      }),
    ],
  };
}

/** The tables; the first is the one that is meant where none is named. */
export const TABLES: readonly ResultTable[] = [
  table("fashion_mnist", "resnet20", "resnet8"),
  table("cifar10", "resnet32x4", "resnet8x4"),
  table("cifar10_published", "resnet56A", "resnet8", { prepare: "data:published FOLDER" }),
];

/** Names of {@linkcode TABLES}. */
export const TABLE_NAMES: readonly string[] = TABLES.map(({ name }) => name);

/** Names of the methods of all tables. */
export const METHOD_NAMES: readonly string[] = TABLES[0].methods.map(({ name }) => name);

/** The file that a table's runs are recorded in where no other is named. */
export function usualFile({ name }: ResultTable): string {
  return `results/${name}.json`;
}

/** The words that make a table. */
export function tableWords(table: ResultTable): string[] {
  return ["results", ...(table === TABLES[0] ? [] : ["--table", table.name])];
}
