/**
 * Step schedule: `base * rate ^ (number of stages before this epoch)`. mdistiller:
 * `adjust_learning_rate`.
 *
 * @param epoch counted from 1; a stage takes effect in the epoch after it.
 */
export function multiStepLr(
  base: number,
  stages: readonly number[],
  rate: number,
  epoch: number,
): number {
  return base * rate ** stages.filter((stage) => epoch > stage).length;
}
