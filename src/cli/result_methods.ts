/** One way to train the student, with its configuration. */
export interface ResultMethod {
  /** As `--methods` and the recorded results name it. */
  readonly name: string;
  /** As the table names it. */
  readonly title: string;
  /** The configuration file. */
  readonly cfg: string;
}

/** What the `results` command compares, in the table's order. */
export const METHODS: readonly ResultMethod[] = [
  { name: "alone", title: "student alone", cfg: "configs/fashion_mnist/vanilla/resnet8.yaml" },
  { name: "kd", title: "KD", cfg: "configs/fashion_mnist/kd/resnet20_resnet8.yaml" },
  { name: "wkd_l", title: "WKD-L", cfg: "configs/fashion_mnist/wkd_l/resnet20_resnet8.yaml" },
  { name: "wkd_f", title: "WKD-F", cfg: "configs/fashion_mnist/wkd_f/resnet20_resnet8.yaml" },
  {
    name: "wkd_l_f",
    title: "WKD-L + WKD-F",
    cfg: "configs/fashion_mnist/wkd_l_f/resnet20_resnet8.yaml",
  },
];

/** Names of {@linkcode METHODS}. */
export const METHOD_NAMES: readonly string[] = METHODS.map(({ name }) => name);
