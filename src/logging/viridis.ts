/** Matplotlib's viridis at 0, 1/8, ..., 1. */
const ANCHORS = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
] as const;

/** Red, green and blue of a value from 0 (dark blue) to 1 (yellow), values outside clamped. */
export function viridis(value: number): readonly [number, number, number] {
  const at = Math.min(1, Math.max(0, value)) * (ANCHORS.length - 1);
  const below = Math.min(Math.floor(at), ANCHORS.length - 2);
  const mix = (channel: number) => {
    const [from, to] = [ANCHORS[below][channel], ANCHORS[below + 1][channel]];
    return Math.round(from + (to - from) * (at - below));
  };
  return [mix(0), mix(1), mix(2)];
}
