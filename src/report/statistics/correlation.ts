/**
 * Pearson's correlation of each two columns; 0 with a column that is all alike.
 *
 * @param data [count, columns], row-major
 * @returns [columns, columns], row-major
 */
export function correlationMatrix(
  data: Float32Array,
  count: number,
  columns: number,
): Float32Array {
  const normal = new Float32Array(columns * count);
  for (let c = 0; c < columns; c++) {
    const column = normal.subarray(c * count, (c + 1) * count);
    let mean = 0;
    for (let i = 0; i < count; i++) mean += data[i * columns + c] / count;
    let square = 0;
    for (let i = 0; i < count; i++) square += (column[i] = data[i * columns + c] - mean) ** 2;
    const length = Math.sqrt(square);
    for (let i = 0; i < count; i++) column[i] = length > 1e-12 ? column[i] / length : 0;
  }
  const matrix = new Float32Array(columns * columns);
  for (let a = 0; a < columns; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += normal[a * count + i] * normal[b * count + i];
      matrix[a * columns + b] = matrix[b * columns + a] = sum;
    }
  }
  return matrix;
}
