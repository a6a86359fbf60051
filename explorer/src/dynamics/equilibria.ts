// Equilibria of two units, their kinds, and the borders of their basins.

import { jacobian, type Net, type Point, reach, trajectory } from './additive.ts';

export type Kind = 'stable node' | 'stable focus' | 'unstable node' | 'unstable focus' | 'saddle';

export interface Equilibrium {
  readonly point: Point;
  readonly kind: Kind;
  /** The eigenvalues of the Jacobian: their real parts, the larger one first, and the size of the imaginary ones. */
  readonly real: Point;
  readonly imaginary: number;
}

const GRID = 15;

/** The distinct equilibria that Newton's method reaches from a grid of starts, ordered by their first potential. */
export function equilibria(net: Net): Equilibrium[] {
  const size = Math.max(reach(net), 0.5);
  const found: Point[] = [];
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) {
      const start: Point = [size * ((2 * i) / (GRID - 1) - 1), size * ((2 * j) / (GRID - 1) - 1)];
      const end = newton(net, start);
      if (end && found.every((other) => distance(end, other) > 1e-6)) found.push(end);
    }
  }
  found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return found.map((point) => described(net, point));
}

/** The starts that converge to a saddle, as two curves from it: followed backwards from close to it. */
export function stableManifold(net: Net, saddle: Equilibrium, limit: number): Point[][] {
  const direction = eigenvector(jacobian(net, saddle.point), saddle.real[1]);
  const backwards = 1e-4;
  return [1, -1].map((side) => {
    const start: Point = [
      saddle.point[0] + side * backwards * direction[0],
      saddle.point[1] + side * backwards * direction[1],
    ];
    return [saddle.point, ...trajectory(net, start, -0.02, 2000, limit)];
  });
}

function newton(net: Net, start: Point): Point | null {
  const [w11, w12, w21, w22] = net.weights;
  let point = start;
  for (let n = 0; n < 60; n++) {
    const p = Math.tanh(net.gain * point[0]);
    const q = Math.tanh(net.gain * point[1]);
    const f = w11 * p + w12 * q + net.currents[0] - point[0];
    const g = w21 * p + w22 * q + net.currents[1] - point[1];
    if (Math.max(Math.abs(f), Math.abs(g)) < 1e-12) return point;
    const [slopeP, slopeQ] = [net.gain * (1 - p * p), net.gain * (1 - q * q)];
    const [a, b, c, d] = [w11 * slopeP - 1, w12 * slopeQ, w21 * slopeP, w22 * slopeQ - 1];
    const determinant = a * d - b * c;
    if (determinant === 0) return null;
    point = [point[0] - (d * f - b * g) / determinant, point[1] - (a * g - c * f) / determinant];
    if (!Number.isFinite(point[0] + point[1])) return null;
  }
  return null;
}

function described(net: Net, point: Point): Equilibrium {
  const [a, b, c, d] = jacobian(net, point);
  const half = (a + d) / 2;
  const discriminant = half * half - (a * d - b * c);
  const turns = discriminant < 0;
  const root = Math.sqrt(Math.abs(discriminant));
  const real: Point = turns ? [half, half] : [half + root, half - root];
  return { point, kind: kind(real, turns), real, imaginary: turns ? root : 0 };
}

function kind([first, second]: Point, turns: boolean): Kind {
  if (first > 0 && second <= 0) return 'saddle';
  return `${first > 0 ? 'unstable' : 'stable'} ${turns ? 'focus' : 'node'}`;
}

function eigenvector([a, b, c, d]: readonly number[], value: number): Point {
  const [x, y]: Point =
    Math.abs(b!) + Math.abs(a! - value) > Math.abs(c!) + Math.abs(d! - value) ? [b!, value - a!] : [value - d!, c!];
  const length = Math.hypot(x, y) || 1;
  return [x / length, y / length];
}

function distance(a: Point, b: Point): number {
  return Math.max(Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1]));
}
