// The phase plane of two units: energy, velocities, borders of basins, trajectories, equilibria.

import { type Net, type Point, energies, importances, velocity } from '../dynamics/additive.ts';
import type { Equilibrium, Kind } from '../dynamics/equilibria.ts';
import { h } from '../dom.ts';
import { type Colour, colour, css, mixed } from '../theme.ts';

export const LIMIT = 4;
const CELLS = 120;
const BANDS = 18;
const ARROWS = 17;
const MARGIN = 26;

export interface Scene {
  readonly net: Net;
  readonly equilibria: readonly Equilibrium[];
  readonly borders: readonly (readonly Point[])[];
  /** Trajectories, each as far as it has come. */
  readonly trajectories: readonly (readonly Point[])[];
  /** Where the keyboard's cross is; null while there is none. */
  readonly cursor: Point | null;
}

export class Plane {
  readonly element: HTMLCanvasElement;
  private readonly shading = document.createElement('canvas');
  private shaded = '';
  private size = 0;

  constructor() {
    this.element = h('canvas', { class: 'plane', tabindex: 0, role: 'application' });
    this.shading.width = this.shading.height = CELLS;
  }

  /** The potentials at a place of the screen. */
  at(clientX: number, clientY: number): Point {
    const box = this.element.getBoundingClientRect();
    const scale = (2 * LIMIT) / (this.size - 2 * MARGIN);
    return [(clientX - box.left - MARGIN) * scale - LIMIT, LIMIT - (clientY - box.top - MARGIN) * scale];
  }

  draw(scene: Scene): void {
    const ratio = devicePixelRatio || 1;
    this.size = this.element.clientWidth;
    if (this.size === 0) return;
    const pixels = Math.round(this.size * ratio);
    if (this.element.width !== pixels) this.element.width = this.element.height = pixels;
    const context = this.element.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.size, this.size);
    this.shade(scene.net);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.shading, MARGIN, MARGIN, this.size - 2 * MARGIN, this.size - 2 * MARGIN);
    this.axes(context);
    context.save();
    context.beginPath();
    context.rect(MARGIN, MARGIN, this.size - 2 * MARGIN, this.size - 2 * MARGIN);
    context.clip();
    this.arrows(context, scene.net);
    context.setLineDash([6, 4]);
    for (const border of scene.borders) this.line(context, border, css(colour('ink')), 1.6);
    context.setLineDash([]);
    for (const path of scene.trajectories) this.trajectory(context, path);
    context.restore();
    for (const { point, kind } of scene.equilibria) this.equilibrium(context, point, kind);
    if (scene.cursor) this.cross(context, scene.cursor);
  }

  private x(v: number): number {
    return MARGIN + ((v + LIMIT) / (2 * LIMIT)) * (this.size - 2 * MARGIN);
  }

  private y(v: number): number {
    return MARGIN + ((LIMIT - v) / (2 * LIMIT)) * (this.size - 2 * MARGIN);
  }

  /** In bands, whose edges are lines of equal energy; plain where there is no energy. */
  private shade(net: Net): void {
    const [low, high] = [colour('plane-low'), colour('plane-high')];
    const key = JSON.stringify([net, low]);
    if (key === this.shaded) return;
    this.shaded = key;
    const picture = new ImageData(CELLS, CELLS);
    const pixels = new Uint32Array(picture.data.buffer);
    const bands = Array.from({ length: BANDS + 1 }, (_, band) => packed(mixed(low, high, band / BANDS)));
    const importance = importances(net);
    if (importance) {
      const along = Array.from({ length: CELLS }, (_, n) => potential(n));
      const values = energies(
        net,
        importance,
        along,
        along.map((v) => -v),
      );
      const [least, most] = values.reduce(([a, b], x) => [Math.min(a, x), Math.max(b, x)], [Infinity, -Infinity]);
      const range = most! - least! || 1;
      // The root spreads the bands evenly about the minima, where most of what happens is.
      values.forEach((value, n) => (pixels[n] = bands[Math.round(BANDS * Math.sqrt((value - least!) / range))]!));
    } else {
      pixels.fill(bands[BANDS]!);
    }
    this.shading.getContext('2d')!.putImageData(picture, 0, 0);
  }

  private axes(context: CanvasRenderingContext2D): void {
    context.fillStyle = css(colour('muted'));
    context.strokeStyle = css(colour('strong'));
    context.lineWidth = 1;
    context.strokeRect(MARGIN, MARGIN, this.size - 2 * MARGIN, this.size - 2 * MARGIN);
    context.font = '12px system-ui, sans-serif';
    for (const value of [-4, -2, 0, 2, 4]) {
      const text = String(value).replace('-', '−');
      context.textAlign = 'center';
      context.fillText(text, this.x(value), this.size - MARGIN + 16);
      context.textAlign = 'right';
      context.fillText(text, MARGIN - 6, this.y(value) + 4);
    }
    context.fillStyle = css(colour('ink'));
    context.fillText('v₁', this.size - 4, this.size - MARGIN + 16);
    context.textAlign = 'left';
    context.fillText('v₂', 4, MARGIN - 10);
  }

  private arrows(context: CanvasRenderingContext2D, net: Net): void {
    context.strokeStyle = css(colour('strong'), 0.75);
    context.lineWidth = 1;
    const longest = ((this.size - 2 * MARGIN) / ARROWS) * 0.8;
    context.beginPath();
    for (let n = 0; n < ARROWS * ARROWS; n++) {
      const point: Point = [spread(n % ARROWS), spread(Math.floor(n / ARROWS))];
      const [u, v] = velocity(net, point);
      const speed = Math.hypot(u, v);
      if (speed < 1e-6) continue;
      const length = longest * Math.tanh(0.25 + speed / 2);
      this.arrow(context, this.x(point[0]), this.y(point[1]), (length * u) / speed, (-length * v) / speed);
    }
    context.stroke();
  }

  private arrow(context: CanvasRenderingContext2D, x: number, y: number, dx: number, dy: number): void {
    const [endX, endY] = [x + dx / 2, y + dy / 2];
    context.moveTo(x - dx / 2, y - dy / 2);
    context.lineTo(endX, endY);
    context.moveTo(endX - 0.3 * dx + 0.18 * dy, endY - 0.3 * dy - 0.18 * dx);
    context.lineTo(endX, endY);
    context.lineTo(endX - 0.3 * dx - 0.18 * dy, endY - 0.3 * dy + 0.18 * dx);
  }

  private line(context: CanvasRenderingContext2D, points: readonly Point[], style: string, width: number): void {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    points.forEach(([a, b]) => context.lineTo(this.x(a), this.y(b)));
    context.stroke();
  }

  private trajectory(context: CanvasRenderingContext2D, path: readonly Point[]): void {
    const style = css(colour('fast-weights'));
    this.line(context, path, style, 2.2);
    context.fillStyle = style;
    this.disc(context, path[0]!, 3);
    context.fill();
    this.disc(context, path.at(-1)!, 4.5);
    context.fill();
  }

  /** Stable: full; unstable: empty; a saddle: empty, with a cross. */
  private equilibrium(context: CanvasRenderingContext2D, point: Point, kind: Kind): void {
    if (Math.max(Math.abs(point[0]), Math.abs(point[1])) > LIMIT) return;
    const ink: Colour = colour('ink');
    context.strokeStyle = css(ink);
    context.fillStyle = css(kind.startsWith('stable') ? ink : colour('paper'));
    context.lineWidth = 2;
    this.disc(context, point, 6.5);
    context.fill();
    context.stroke();
    if (kind === 'saddle') this.cross(context, point, 4, css(ink));
  }

  private disc(context: CanvasRenderingContext2D, [a, b]: Point, radius: number): void {
    context.beginPath();
    context.arc(this.x(a), this.y(b), radius, 0, 2 * Math.PI);
  }

  private cross(context: CanvasRenderingContext2D, [a, b]: Point, size = 9, style = css(colour('accent'))): void {
    const [x, y] = [this.x(a), this.y(b)];
    context.strokeStyle = style;
    context.lineWidth = 1.6;
    context.beginPath();
    context.moveTo(x - size, y);
    context.lineTo(x + size, y);
    context.moveTo(x, y - size);
    context.lineTo(x, y + size);
    context.stroke();
  }
}

/** A pixel as ImageData has it in memory. */
function packed([r, g, b]: Colour): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function potential(cell: number): number {
  return LIMIT * ((2 * cell + 1) / CELLS - 1);
}

function spread(n: number): number {
  return LIMIT * ((2 * n + 1) / ARROWS - 1);
}
