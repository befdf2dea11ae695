/** What curves may go over. */
export type Axis = "epochs" | "steps" | "hours";

/** Where the points of some curves lie, on each axis. */
export interface CurvePlaces {
  /** Epochs, with a part where a point lies within one. */
  readonly epochs: readonly number[];
  /** Steps of the run; null where they are not known. */
  readonly steps: readonly number[] | null;
  /** Hours of training and evaluation; null where they are not known. */
  readonly hours: readonly number[] | null;
}

/** A line of a {@linkcode CurveFigure}. */
export interface Curve {
  /** Its name. */
  readonly label: string;
  /** Index of its points' places. */
  readonly places: number;
  /** A number for each place; null where there is none, or it is not finite. */
  readonly values: readonly (number | null)[];
  /** Its colour: `student`, `teacher` or `series-1` to `series-8` of the style. */
  readonly colour: string;
  /** Whether it is dashed. Default false. */
  readonly dashed?: boolean;
}

/** Curves in one picture. */
export interface CurveFigure {
  /** The `id` of its element. */
  readonly id: string;
  /** Its heading. */
  readonly title: string;
  /** Unit of its numbers, such as `%`; empty for none. */
  readonly unit: string;
  /** Whether the numbers' axis is logarithmic. Default false. */
  readonly logarithmic?: boolean;
  /** Whether the numbers' axis begins at 0. Default false. */
  readonly fromZero?: boolean;
  /** The lines. */
  readonly curves: readonly Curve[];
  /** Lines of one height, such as a teacher's accuracy. */
  readonly levels?: readonly {
    readonly label: string;
    readonly value: number;
    readonly colour: string;
  }[];
}

/** The curves of a page. */
export interface CurveData {
  /** Places that the curves share. */
  readonly places: readonly CurvePlaces[];
  /** The pictures. */
  readonly figures: readonly CurveFigure[];
}

/** A matrix as a picture. Its numbers are bytes in base64: 1 is `low`, 255 is `high`, and 0 is nothing. */
export interface HeatData {
  /** Rows. */
  readonly rows: number;
  /** Columns. */
  readonly columns: number;
  /** [rows, columns] in row-major order. */
  readonly bytes: string;
  /** What 1 stands for. */
  readonly low: number;
  /** What 255 stands for. */
  readonly high: number;
  /** Names of the rows; of several classes in one row a text with both ends. */
  readonly rowNames: readonly string[];
  /** Names of the columns; default those of the rows. */
  readonly columnNames?: readonly string[];
}

/** How often a model took images of one class for another. */
export interface ConfusionData {
  /** Class names. */
  readonly classes: readonly string[];
  /** Places of the classes in clustered order. */
  readonly clustered: readonly number[];
  /** The models. */
  readonly models: readonly {
    /** `student` or `teacher`. */
    readonly name: string;
    /** Cells that are not 0: true class, found class and count, one after the other, as differences in base64 (see `packCells`). */
    readonly cells: string;
  }[];
}

/** What the script of a report reads. */
export interface ReportData {
  /** Curves, where there are any. */
  readonly curves?: CurveData;
  /** The confusion matrices. */
  readonly confusion?: ConfusionData;
  /** Heat maps by the `id` of their element. */
  readonly heat?: Readonly<Record<string, HeatData>>;
}
