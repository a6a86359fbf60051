// Matrices as pictures: a pixel for each number, drawn by the browser at any size without smoothing.

import { h } from '../dom.ts';
import { type Colour, colour, mixed, onThemeChange } from '../theme.ts';

export class HeatMap {
  readonly element: HTMLCanvasElement;
  private redraw = () => {};

  constructor(className: string) {
    this.element = h('canvas', { class: `heat ${className}`, role: 'img' });
    onThemeChange(() => this.redraw());
  }

  /** `at(row, column)` from −1 to 1; 0 is the background, and from `faded` on columns are pale. */
  draw(
    rows: number,
    columns: number,
    at: (row: number, column: number) => number,
    label: string,
    faded = columns,
  ): void {
    this.redraw = () => {
      const [low, zero, high] = [colour('heat-low'), colour('heat-zero'), colour('heat-high')];
      const picture = new ImageData(columns, rows);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const value = at(row, column);
          const size = Math.min(1, Math.abs(value)) * (column < faded ? 1 : 0.25);
          const pixel: Colour = mixed(zero, value < 0 ? low : high, Number.isFinite(size) ? size : 1);
          picture.data.set([...pixel, 255], 4 * (row * columns + column));
        }
      }
      if (this.element.width !== columns || this.element.height !== rows) {
        this.element.width = columns;
        this.element.height = rows;
      }
      this.element.getContext('2d')!.putImageData(picture, 0, 0);
    };
    this.element.setAttribute('aria-label', label);
    this.redraw();
  }
}
