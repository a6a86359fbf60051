// Trajectories from where the user clicked, each drawn as far as it has come.

import { LIMIT } from '../../draw/plane.ts';
import { wantsStillness } from '../../dom.ts';
import { type Net, type Point, trajectory } from '../../dynamics/additive.ts';

const STEP = 0.03;
const MOST_STEPS = 1500;
const STEPS_A_FRAME = 5;
const MOST = 12;

export class Trajectories {
  private paths: Point[][] = [];
  private shown: number[] = [];

  constructor(private starts: readonly Point[]) {}

  get count(): number {
    return this.paths.length;
  }

  /** As it stands in the address: `x,y;x,y`, or `none`. */
  get written(): string {
    return this.starts.map(([a, b]) => `${a.toFixed(2)},${b.toFixed(2)}`).join(';') || 'none';
  }

  add(net: Net, start: Point): void {
    this.starts = [...this.starts, start].slice(-MOST);
    this.paths = [...this.paths, path(net, start)].slice(-MOST);
    this.shown = [...this.shown, 1].slice(-MOST);
  }

  replace(starts: readonly Point[]): void {
    [this.starts, this.paths, this.shown] = [starts, [], []];
  }

  /** All of them in another net: from their starts at first, and as a whole while a slider is dragged. */
  follow(net: Net): void {
    const isFirst = this.paths.length === 0;
    this.paths = this.starts.map((start) => path(net, start));
    this.shown = this.paths.map(({ length }) => (isFirst ? 1 : length));
  }

  /** A few steps more; what there is to be drawn, and whether that is all. */
  advance(): { drawn: Point[][]; isAll: boolean } {
    const by = wantsStillness() ? Infinity : STEPS_A_FRAME;
    this.shown = this.shown.map((count, n) => Math.min(this.paths[n]!.length, count + by));
    return {
      drawn: this.paths.map((points, n) => points.slice(0, this.shown[n])),
      isAll: this.shown.every((count, n) => count === this.paths[n]!.length),
    };
  }
}

/** Points within the picture, as the address has them; null if it says nothing. */
export function startsOf(text: string): Point[] | null {
  if (text === '') return null;
  return text
    .split(';')
    .map((pair) => pair.split(',').map(Number))
    .filter((pair): pair is [number, number] => pair.length === 2 && pair.every((value) => Math.abs(value) <= LIMIT))
    .slice(0, MOST);
}

function path(net: Net, start: Point): Point[] {
  return trajectory(net, start, STEP, MOST_STEPS, 10);
}
