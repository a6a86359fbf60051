// The largest singular value of a matrix.

import { dot, type Matrix, multiply, multiplyTransposed, norm, type Vector } from './linear.ts';
import { generator, onSphere } from './random.ts';

const MOST_STEPS = 48;

/** ‖M‖: by Lanczos's method on M Mᵀ with every vector orthogonal to all before it, so that after as many steps as
 * M has rows it is exact, and long before that for the largest value alone. */
export function spectralNorm(matrix: Matrix): number {
  const steps = Math.min(matrix.rows, MOST_STEPS);
  const diagonal: number[] = [];
  const beside: number[] = [];
  const basis: Vector[] = [];
  let vector: Vector = onSphere(generator(1), matrix.rows);
  for (let k = 0; k < steps; k++) {
    basis.push(vector);
    const image = multiply(matrix, multiplyTransposed(matrix, vector));
    diagonal.push(dot(vector, image));
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of basis) {
        const along = dot(earlier, image);
        for (let i = 0; i < image.length; i++) image[i]! -= along * earlier[i]!;
      }
    }
    const length = norm(image);
    if (length <= 1e-14 * Math.max(...diagonal)) break;
    beside.push(length);
    vector = image.map((x) => x / length);
  }
  return Math.sqrt(Math.max(0, largestEigenvalue(diagonal, beside)));
}

/** Of a symmetric tridiagonal matrix, by bisection with Sturm's sequence. */
function largestEigenvalue(diagonal: number[], beside: number[]): number {
  const size = diagonal.length;
  let low = Math.max(...diagonal);
  let high = low;
  for (let i = 0; i < size; i++) {
    const radius = (i > 0 ? beside[i - 1]! : 0) + (i < size - 1 ? beside[i]! : 0);
    high = Math.max(high, diagonal[i]! + radius);
  }
  for (let round = 0; round < 100 && high - low > 1e-15 * high; round++) {
    const middle = (low + high) / 2;
    if (hasEigenvalueAbove(diagonal, beside, middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** Whether T − x I has a positive pivot. */
function hasEigenvalueAbove(diagonal: number[], beside: number[], x: number): boolean {
  let pivot = 1;
  for (let i = 0; i < diagonal.length; i++) {
    const fill = i > 0 ? beside[i - 1]! ** 2 / pivot : 0;
    pivot = diagonal[i]! - x - fill;
    if (pivot > 0) return true;
    if (pivot === 0) pivot = -1e-300;
  }
  return false;
}
