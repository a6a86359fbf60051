// A pattern as a square of units, which can be drawn upon where that is asked for.

import { freshId, h } from '../../dom.ts';
import type { Vector } from '../../numerics/linear.ts';
import { colour, mixed, onThemeChange } from '../../theme.ts';
import { SIDE, UNITS } from './glyphs.ts';

export class Grid {
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  private units: Vector = new Float64Array(UNITS);
  private cursor = 0;
  private pen: number | null = null;

  /** With `change` the grid can be drawn upon: it is called with the new pattern. */
  constructor(
    title: string,
    private readonly change?: (units: Vector) => void,
  ) {
    const id = freshId('grid');
    const canvas = h('canvas', {
      class: 'grid',
      width: SIDE,
      height: SIDE,
      role: change ? 'application' : 'img',
      'aria-labelledby': id,
      tabindex: change ? 0 : undefined,
    });
    this.canvas = canvas;
    const mark = change ? h('i', { class: 'cursor' }) : null;
    this.element = h('figure', { class: 'unit-grid' }, h('div', {}, canvas, mark), h('figcaption', { id }, title));
    onThemeChange(() => this.draw(this.units));
    if (change) this.listen();
  }

  draw(units: Vector): void {
    this.units = units;
    const [off, on] = [colour('unit-off'), colour('unit-on')];
    const picture = new ImageData(SIDE, SIDE);
    units.forEach((value, i) => {
      const share = (Math.max(-1, Math.min(1, value)) + 1) / 2;
      picture.data.set([...mixed(off, on, share), 255], 4 * i);
    });
    this.canvas.getContext('2d')!.putImageData(picture, 0, 0);
  }

  private listen(): void {
    const { canvas } = this;
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pen = this.units[this.at(event)]! > 0 ? -1 : 1;
      this.paint(this.at(event), this.pen);
    });
    canvas.addEventListener('pointermove', (event) => this.pen !== null && this.paint(this.at(event), this.pen));
    canvas.addEventListener('pointerup', () => (this.pen = null));
    canvas.addEventListener('keydown', (event) => this.press(event));
    this.showCursor();
  }

  private at(event: PointerEvent): number {
    const box = this.canvas.getBoundingClientRect();
    const place = (value: number, size: number) => Math.max(0, Math.min(SIDE - 1, Math.floor((SIDE * value) / size)));
    return place(event.clientY - box.top, box.height) * SIDE + place(event.clientX - box.left, box.width);
  }

  /** Arrow keys move, space turns a unit. */
  private press(event: KeyboardEvent): void {
    const [row, column] = [Math.floor(this.cursor / SIDE), this.cursor % SIDE];
    const to: Record<string, [number, number]> = {
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
    };
    const next = to[event.key];
    if (next) this.cursor = ((next[0] + SIDE) % SIDE) * SIDE + ((next[1] + SIDE) % SIDE);
    else if (event.key === ' ' || event.key === 'Enter') this.paint(this.cursor, this.units[this.cursor]! > 0 ? -1 : 1);
    else return;
    event.preventDefault();
    this.showCursor();
  }

  private showCursor(): void {
    const style = this.element.style;
    style.setProperty('--row', String(Math.floor(this.cursor / SIDE)));
    style.setProperty('--column', String(this.cursor % SIDE));
  }

  private paint(unit: number, value: number): void {
    if (this.units[unit] === value) return;
    const next = Float64Array.from(this.units);
    next[unit] = value;
    this.change!(next);
  }
}
