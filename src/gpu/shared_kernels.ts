import blocks from "../../kernels/shared/blocks.wgsl" with { type: "text" };
import convPixelsLoad from "../../kernels/shared/conv_pixels_load.wgsl" with { type: "text" };
import convTileLoad from "../../kernels/shared/conv_tile_load.wgsl" with { type: "text" };
import convWindowRow from "../../kernels/shared/conv_window_row.wgsl" with { type: "text" };
import depthwiseRow from "../../kernels/shared/depthwise_row.wgsl" with { type: "text" };
import grid from "../../kernels/shared/grid.wgsl" with { type: "text" };
import hash from "../../kernels/shared/hash.wgsl" with { type: "text" };
import heldMatrix from "../../kernels/shared/held_matrix.wgsl" with { type: "text" };
import joinLanes from "../../kernels/shared/join_lanes.wgsl" with { type: "text" };
import lanes from "../../kernels/shared/lanes.wgsl" with { type: "text" };
import moved from "../../kernels/shared/moved.wgsl" with { type: "text" };
import nan from "../../kernels/shared/nan.wgsl" with { type: "text" };
import pairs from "../../kernels/shared/pairs.wgsl" with { type: "text" };
import quotient from "../../kernels/shared/quotient.wgsl" with { type: "text" };
import rectified from "../../kernels/shared/rectified.wgsl" with { type: "text" };
import resultVector from "../../kernels/shared/result_vector.wgsl" with { type: "text" };
import rowFloats from "../../kernels/shared/row_floats.wgsl" with { type: "text" };
import rows from "../../kernels/shared/rows.wgsl" with { type: "text" };
import runningStatistics from "../../kernels/shared/running_statistics.wgsl" with { type: "text" };
import secondPlane from "../../kernels/shared/second_plane.wgsl" with { type: "text" };
import tileLoad from "../../kernels/shared/tile_load.wgsl" with { type: "text" };
import tilePlace from "../../kernels/shared/tile_place.wgsl" with { type: "text" };
import tileStore from "../../kernels/shared/tile_store.wgsl" with { type: "text" };
import tileSum from "../../kernels/shared/tile_sum.wgsl" with { type: "text" };
import vector from "../../kernels/shared/vector.wgsl" with { type: "text" };
import weightElement from "../../kernels/shared/weight_element.wgsl" with { type: "text" };
import wide from "../../kernels/shared/wide.wgsl" with { type: "text" };

/** What kernels can include, by the names of the files in `kernels/shared/`. Imports must be static: bundles hold no folders. */
export const SHARED_KERNELS: Readonly<Record<string, string>> = {
  blocks,
  conv_pixels_load: convPixelsLoad,
  conv_tile_load: convTileLoad,
  conv_window_row: convWindowRow,
  depthwise_row: depthwiseRow,
  grid,
  hash,
  held_matrix: heldMatrix,
  join_lanes: joinLanes,
  lanes,
  moved,
  nan,
  pairs,
  quotient,
  rectified,
  result_vector: resultVector,
  row_floats: rowFloats,
  rows,
  running_statistics: runningStatistics,
  second_plane: secondPlane,
  tile_load: tileLoad,
  tile_place: tilePlace,
  tile_store: tileStore,
  tile_sum: tileSum,
  vector,
  weight_element: weightElement,
  wide,
};
