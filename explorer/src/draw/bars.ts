// Bars for the probabilities of ten digits, or of whatever has a name.

import { h } from '../dom.ts';

export class Bars {
  readonly element: HTMLElement;
  private readonly bars: HTMLElement[];

  constructor(names: readonly string[]) {
    this.bars = names.map(() => h('i', {}));
    const columns = names.map((name, i) => h('span', { class: 'bar' }, this.bars[i]!, h('b', {}, name)));
    this.element = h('div', { class: 'bars', role: 'img' }, ...columns);
  }

  /** Heights from 0 to 1; the column that is right is marked. */
  draw(heights: ArrayLike<number>, right: number, label: string): void {
    this.bars.forEach((bar, i) => {
      bar.style.setProperty('--height', String(Math.max(0, heights[i]!) || 0));
      bar.parentElement!.classList.toggle('right', i === right);
    });
    this.element.setAttribute('aria-label', label);
  }
}
