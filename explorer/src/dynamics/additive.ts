// The additive model of two units: dv_j/dt = −v_j + Σ_i w_ji φ(v_i) + I_j with φ(v) = tanh(g v), that is, with
// capacitances and resistances of 1.

export type Point = readonly [number, number];

/** w11, w12, w21, w22 with row j for the receiving unit; the currents; the gain. */
export interface Net {
  readonly weights: readonly [number, number, number, number];
  readonly currents: Point;
  readonly gain: number;
}

export function velocity({ weights: [a, b, c, d], currents, gain }: Net, [x, y]: Point): Point {
  const [p, q] = [Math.tanh(gain * x), Math.tanh(gain * y)];
  return [a * p + b * q + currents[0] - x, c * p + d * q + currents[1] - y];
}

/** ∂(dv/dt)/∂v, row by row: w_ji φ′(v_i) − δ_ij. */
export function jacobian({ weights: [a, b, c, d], gain }: Net, [x, y]: Point): [number, number, number, number] {
  const [p, q] = [slope(gain, x), slope(gain, y)];
  return [a * p - 1, b * q, c * p, d * q - 1];
}

/** Beyond this |v| every unit moves inwards. */
export function reach({ weights: [a, b, c, d], currents: [i, j] }: Net): number {
  return Math.max(Math.abs(a) + Math.abs(b) + Math.abs(i), Math.abs(c) + Math.abs(d) + Math.abs(j));
}

/** One step of the classical method of Runge and Kutta. */
export function stepped(net: Net, point: Point, step: number): Point {
  const k1 = velocity(net, point);
  const k2 = velocity(net, moved(point, k1, step / 2));
  const k3 = velocity(net, moved(point, k2, step / 2));
  const k4 = velocity(net, moved(point, k3, step));
  const along = (i: 0 | 1) => point[i] + (step / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
  return [along(0), along(1)];
}

/** The states of a trajectory until it rests, leaves the picture or has made all steps. */
export function trajectory(net: Net, start: Point, step: number, count: number, limit = Infinity): Point[] {
  const points = [start];
  let point = start;
  for (let n = 0; n < count; n++) {
    point = stepped(net, point, step);
    if (!(Math.max(Math.abs(point[0]), Math.abs(point[1])) <= limit)) break;
    points.push(point);
    const [u, v] = velocity(net, point);
    if (Math.hypot(u, v) < 1e-5) break;
  }
  return points;
}

/** d_1, d_2 > 0 with d_j w_ji = d_i w_ij; null if the weights are not symmetrisable. */
export function importances({ weights: [, b, c] }: Net): Point | null {
  if (b === c) return [1, 1];
  return b * c > 0 ? [1, b / c] : null;
}

/** E = −½ Σ_ji d_j w_ji φ(v_j) φ(v_i) + Σ_j d_j [∫_0^{v_j} u φ′(u) du − I_j φ(v_j)], where the integral is
 * v φ(v) − log cosh(g v)/g. */
export function energy(net: Net, importance: Point, point: Point): number {
  const { weights, currents, gain } = net;
  const phi = point.map((v) => Math.tanh(gain * v)) as [number, number];
  let sum = 0;
  for (const j of [0, 1] as const) {
    const driven = weights[2 * j]! * phi[0] + weights[2 * j + 1]! * phi[1];
    const leak = point[j] * phi[j] - logCosh(gain * point[j]) / gain;
    sum += importance[j] * (leak - currents[j] * phi[j] - (phi[j] * driven) / 2);
  }
  return sum;
}

/** E at all points of a grid, row by row: the terms of each unit alone are computed once for each of its potentials. */
export function energies(
  net: Net,
  importance: Point,
  first: readonly number[],
  second: readonly number[],
): Float64Array {
  const {
    weights: [a, b, c, d],
    currents,
    gain,
  } = net;
  const own = (j: 0 | 1, self: number) => (v: number) => {
    const phi = Math.tanh(gain * v);
    const alone = v * phi - logCosh(gain * v) / gain - currents[j] * phi - (self * phi * phi) / 2;
    return [phi, importance[j] * alone] as const;
  };
  const columns = first.map(own(0, a));
  const rows = second.map(own(1, d));
  const mixed = (importance[0] * b + importance[1] * c) / 2;
  const values = new Float64Array(first.length * second.length);
  rows.forEach(([q, below], i) =>
    columns.forEach(([p, beside], j) => (values[i * first.length + j] = below + beside - mixed * p * q)),
  );
  return values;
}

function logCosh(x: number): number {
  const size = Math.abs(x);
  return size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
}

function slope(gain: number, v: number): number {
  const phi = Math.tanh(gain * v);
  return gain * (1 - phi * phi);
}

function moved(point: Point, by: Point, step: number): Point {
  return [point[0] + step * by[0], point[1] + step * by[1]];
}
