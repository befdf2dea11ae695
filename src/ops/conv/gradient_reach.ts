/**
 * What an input gradient reads of the output's gradient along one direction: the first place and one past
 * the last that reach `side` neighbouring inputs, relative to the first of these over the stride.
 */
export function gradientReach(
  side: number,
  kernel: number,
  stride: number,
  pad: number,
): [number, number] {
  const places: number[] = [];
  for (let r = 0; r < side; r++) {
    for (let k = 0; k < kernel; k++) {
      if ((r + pad - k) % stride === 0) places.push((r + pad - k) / stride);
    }
  }
  return [Math.min(...places), Math.max(...places) + 1];
}
