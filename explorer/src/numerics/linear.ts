// Vectors and row-major matrices, in double precision.

export type Vector = Float64Array;

/** A matrix, row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, data: new Float64Array(rows * columns) };
}

export function identity(size: number): Matrix {
  const matrix = zeros(size, size);
  for (let i = 0; i < size; i++) matrix.data[i * size + i] = 1;
  return matrix;
}

export function row(matrix: Matrix, i: number): Vector {
  return matrix.data.subarray(i * matrix.columns, (i + 1) * matrix.columns);
}

export function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

export function norm(x: ArrayLike<number>): number {
  return Math.sqrt(dot(x, x));
}

/** M x, added to `onto` if there is one. */
export function multiply(matrix: Matrix, x: ArrayLike<number>, onto?: ArrayLike<number>): Vector {
  const { rows, columns, data } = matrix;
  const result = new Float64Array(rows);
  for (let i = 0, place = 0; i < rows; i++) {
    let sum = onto ? onto[i]! : 0;
    for (let j = 0; j < columns; j++) sum += data[place++]! * x[j]!;
    result[i] = sum;
  }
  return result;
}

/** Mᵀ x. */
export function multiplyTransposed(matrix: Matrix, x: ArrayLike<number>): Vector {
  const { rows, columns, data } = matrix;
  const result = new Float64Array(columns);
  for (let i = 0, place = 0; i < rows; i++) {
    const factor = x[i]!;
    if (factor === 0) place += columns;
    else for (let j = 0; j < columns; j++) result[j]! += factor * data[place++]!;
  }
  return result;
}

/** M ← decay M + factor x yᵀ, in place. */
export function addOuter(matrix: Matrix, x: ArrayLike<number>, y: ArrayLike<number>, factor = 1, decay = 1): void {
  const { rows, columns, data } = matrix;
  for (let i = 0, place = 0; i < rows; i++) {
    const scaled = factor * x[i]!;
    for (let j = 0; j < columns; j++, place++) data[place] = decay * data[place]! + scaled * y[j]!;
  }
}

export function relu(x: Vector): Vector {
  // Math.max keeps what is not a number, as JAX does.
  return x.map((value) => Math.max(value, 0));
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** softmax(x): it is not changed by what is added to all of x. */
export function softmax(x: ArrayLike<number>): Vector {
  const exponentials = new Float64Array(x.length);
  const largest = Math.max(...Array.from(x));
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += exponentials[i] = Math.exp(x[i]! - largest);
  return exponentials.map((value) => value / sum);
}

export const EPSILON = 1e-5;

export interface Normalised {
  readonly value: Vector;
  /** (x − μ)/s. */
  readonly standardised: Vector;
  /** s = √(σ² + ε). */
  readonly deviation: number;
}

/** LN[x] = gain · (x − μ)/√(σ² + ε) + bias. */
export function layerNorm(x: Vector, gain: ArrayLike<number>, bias: ArrayLike<number>): Normalised {
  const size = x.length;
  let mean = 0;
  for (let i = 0; i < size; i++) mean += x[i]!;
  mean /= size;
  let variance = 0;
  for (let i = 0; i < size; i++) variance += (x[i]! - mean) ** 2;
  const deviation = Math.sqrt(variance / size + EPSILON);
  const standardised = x.map((value) => (value - mean) / deviation);
  return { value: standardised.map((value, i) => gain[i]! * value + bias[i]!), standardised, deviation };
}

export function largestIndex(x: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < x.length; i++) if (x[i]! > x[best]!) best = i;
  return best;
}
