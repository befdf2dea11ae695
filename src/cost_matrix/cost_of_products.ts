import { UserError } from "../errors.ts";
/**
 * `1 - CKA` of every two classes from the inner products of their centred Gram matrices.
 *
 * @param products row-major `[classes, classes]`, read on and above the diagonal
 * @returns `[classes, classes]`, symmetric, zeros on the diagonal
 * @throws UserError when a class has a product of zero with itself
 */
export function costOfProducts(products: Float32Array, classes: number): Float32Array {
  const cost = new Float32Array(classes * classes);
  for (let i = 0; i < classes; i++) {
    const own = products[i * classes + i];
    if (!(own > 0)) {
      throw new UserError(
        `the features of class ${i} do not vary, so it has no similarity to others; use more or other images`,
      );
    }
    for (let j = 0; j < i; j++) {
      const cka = products[j * classes + i] / Math.sqrt(own * products[j * classes + j]);
      cost[i * classes + j] = cost[j * classes + i] = 1 - cka;
    }
  }
  return cost;
}
