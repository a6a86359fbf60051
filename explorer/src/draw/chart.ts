// Curves over linear or logarithmic axes, as SVG.

import { h, svg } from '../dom.ts';
import { withFormulas } from '../formula.ts';

export interface Axis {
  readonly label: string;
  readonly low: number;
  readonly high: number;
  readonly logarithmic?: boolean;
  /** Of whole numbers alone. */
  readonly whole?: boolean;
}

export interface Series {
  readonly name: string;
  /** A colour of CSS. */
  readonly colour: string;
  readonly points: readonly (readonly [number, number])[];
  readonly style?: 'line' | 'dashed' | 'dotted' | 'dots';
}

export interface Mark {
  readonly x: number;
  readonly name: string;
}

export interface Drawing {
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Vertical lines with a name. */
  readonly marks?: readonly Mark[];
  /** What the drawing shows, for those who do not see it. */
  readonly description: string;
}

const MARGIN = { left: 46, right: 14, top: 26, bottom: 40 };

export class Chart {
  readonly element: HTMLElement;
  private readonly legend = h('ul', { class: 'legend' });
  private readonly picture = svg('svg', { role: 'img' });
  private readonly frame = svg('g');
  private readonly curves = svg('svg');
  private shownAxes = '';
  private last: Drawing | undefined;

  constructor(private readonly height = 260) {
    this.element = h('div', { class: 'chart' }, this.legend, this.picture);
    this.picture.append(this.frame, this.curves);
    new ResizeObserver(() => this.last && this.draw(this.last)).observe(this.element);
  }

  draw(drawing: Drawing): void {
    this.last = drawing;
    const width = this.element.clientWidth;
    if (width === 0) return;
    this.showLegend(drawing.series.filter(({ name }) => name));
    const place = new Place(drawing, width, this.height);
    const axes = JSON.stringify([drawing.x, drawing.y, drawing.marks, width]);
    if (axes !== this.shownAxes) {
      this.shownAxes = axes;
      this.picture.setAttribute('viewBox', `0 0 ${width} ${this.height}`);
      this.frame.replaceChildren(...place.axes(), ...(drawing.marks ?? []).flatMap((mark) => place.mark(mark)));
      place.cutOff(this.curves);
    }
    this.picture.setAttribute('aria-label', drawing.description);
    update(
      this.curves,
      drawing.series.flatMap((series) => place.series(series)),
    );
  }

  private showLegend(series: readonly Series[]): void {
    const key = series.map(({ name, colour, style }) => `${name} ${colour} ${style}`).join();
    if (this.legend.dataset.key === key) return;
    this.legend.dataset.key = key;
    const entries = series.map(({ name, colour, style = 'line' }) =>
      h('li', {}, h('i', { class: `key ${style}`, style: `--colour: ${colour}` }), ...withFormulas(name)),
    );
    this.legend.replaceChildren(...entries);
  }
}

/** An element by its name, with its attributes. */
type Shape = { readonly name: string } & Readonly<Record<string, string>>;

/** The children become these shapes; elements of the right name stay, and only what differs is changed. */
function update(parent: SVGElement, shapes: readonly Shape[]): void {
  shapes.forEach(({ name, ...attributes }, n) => {
    let child = parent.children[n];
    if (child?.tagName !== name) {
      const fresh = svg(name);
      if (child) child.replaceWith(fresh);
      else parent.append(fresh);
      child = fresh;
    }
    for (const [attribute, value] of Object.entries(attributes)) {
      if (child.getAttribute(attribute) !== value) child.setAttribute(attribute, value);
    }
  });
  while (parent.children.length > shapes.length) parent.lastElementChild!.remove();
}

class Place {
  constructor(
    private readonly drawing: Drawing,
    private readonly width: number,
    private readonly height: number,
  ) {}

  private x(value: number): number {
    const { left, right } = MARGIN;
    return left + share(this.drawing.x, value) * (this.width - left - right);
  }

  private y(value: number): number {
    const { top, bottom } = MARGIN;
    return this.height - bottom - share(this.drawing.y, value) * (this.height - top - bottom);
  }

  axes(): SVGElement[] {
    const { x, y } = this.drawing;
    const [left, right] = [this.x(x.low), this.x(x.high)];
    const [bottom, top] = [this.y(y.low), this.y(y.high)];
    const across = ticks(y, 5).flatMap((value) => [
      line(left, this.y(value), right, this.y(value), value === 0 || value === y.low ? 'axis' : 'grid'),
      text(left - 7, this.y(value) + 4, written(y, value), 'end'),
    ]);
    const along = ticks(x, this.width < 420 ? 4 : 7).flatMap((value) => [
      line(this.x(value), bottom, this.x(value), bottom + 4, 'axis'),
      text(this.x(value), bottom + 17, written(x, value), 'middle'),
    ]);
    return [
      ...across,
      ...along,
      text(right, this.height - 5, x.label, 'end', 'label'),
      text(4, top - 12, y.label, 'start', 'label'),
    ];
  }

  mark({ x, name }: Mark): SVGElement[] {
    const place = this.x(x);
    const isRight = place > this.width * 0.6;
    return [
      line(place, this.y(this.drawing.y.low), place, this.y(this.drawing.y.high), 'mark'),
      text(place + (isRight ? -5 : 5), this.y(this.drawing.y.high) + 10, name, isRight ? 'end' : 'start', 'label'),
    ];
  }

  /** What leaves the picture is not shown. */
  cutOff(curves: SVGElement): void {
    const { left, right, top, bottom } = MARGIN;
    const [x, y] = [left - 3, top - 3];
    const size = { width: this.width - left - right + 6, height: this.height - top - bottom + 6 };
    const all = { x, y, ...size, viewBox: `${x} ${y} ${size.width} ${size.height}` };
    Object.entries(all).forEach(([name, value]) => curves.setAttribute(name, String(value)));
  }

  series({ points, colour, style = 'line' }: Series): Shape[] {
    const { y } = this.drawing;
    const shown = points.filter(([, value]) => Number.isFinite(value) && (!y.logarithmic || value > 0));
    if (style === 'dots') {
      return shown
        .filter(([, value]) => value >= y.low && value <= y.high)
        .map(([a, b]) => ({
          name: 'circle',
          cx: this.x(a).toFixed(1),
          cy: this.y(b).toFixed(1),
          r: '2.6',
          style: `fill: ${colour}`,
        }));
    }
    // A line may leave the picture by as much as it is high; beyond, only its direction would be seen.
    const lowest = this.height * 2;
    const path = shown.map(([a, b]) => `${this.x(a).toFixed(1)},${clamp(this.y(b), -lowest, lowest).toFixed(1)}`);
    return [{ name: 'polyline', points: path.join(' '), class: `curve ${style}`, style: `stroke: ${colour}` }];
  }
}

function share({ low, high, logarithmic }: Axis, value: number): number {
  if (!logarithmic) return (value - low) / (high - low);
  return Math.log(value / low) / Math.log(high / low);
}

/** Round values, about as many as asked for; powers of ten on a logarithmic axis. */
export function ticks({ low, high, logarithmic, whole }: Axis, about: number): number[] {
  if (logarithmic) {
    const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const every = Math.max(1, Math.ceil((last - first + 1) / (about + 1)));
    const powers = [];
    for (let power = first; power <= last; power++) if ((last - power) % every === 0) powers.push(10 ** power);
    return powers;
  }
  const raw = Math.max((high - low) / about, whole ? 1 : 0);
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= raw * 0.999) ?? 10);
  const values = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) values.push(n * step);
  return values;
}

const RAISED: Record<string, string> = {
  '-': '⁻',
  0: '⁰',
  1: '¹',
  2: '²',
  3: '³',
  4: '⁴',
  5: '⁵',
  6: '⁶',
  7: '⁷',
  8: '⁸',
  9: '⁹',
};

function written({ logarithmic }: Axis, value: number): string {
  if (logarithmic) {
    const power = Math.round(Math.log10(value));
    if (power >= -1 && power <= 3) return String(10 ** power);
    return `10${[...String(power)].map((character) => RAISED[character]).join('')}`;
  }
  return String(Number(value.toPrecision(6))).replace('-', '−');
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): SVGElement {
  return svg('line', { x1, y1, x2, y2, class: kind });
}

function text(x: number, y: number, content: string, anchor: string, kind = 'tick'): SVGElement {
  return svg('text', { x, y, 'text-anchor': anchor, class: kind }, content);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
