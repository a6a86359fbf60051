// The stored patterns, each with the overlap of what is recalled with it; and drawn ones that can be added.

import { h, plain } from '../../dom.ts';
import type { Vector } from '../../numerics/linear.ts';
import { colour, mixed, onThemeChange } from '../../theme.ts';
import { GLYPHS, nameOf, pattern, SIDE } from './glyphs.ts';
import { overlap } from './recall.ts';

interface Actions {
  ask(place: number): void;
  remove(place: number): void;
  add(units: Vector): void;
}

export class Store {
  static readonly MOST = 12;
  readonly element: HTMLElement;
  private readonly list = h('ul', { class: 'patterns' });
  private last: [Vector[], number, Vector] | undefined;
  private drawn = '';

  constructor(private readonly actions: Actions) {
    const palette = GLYPHS.map((name) => {
      const units = pattern(name)!;
      return h(
        'button',
        { type: 'button', 'aria-label': `Store the ${name}`, onclick: () => actions.add(units) },
        thumbnail(units),
      );
    });
    const thumbnails = h('div', { class: 'palette', role: 'group', 'aria-label': 'Patterns to store' }, ...palette);
    this.element = h(
      'div',
      {},
      this.list,
      h('p', { class: 'small muted' }, 'Click one to ask for it. More to store:'),
      thumbnails,
    );
    onThemeChange(() => {
      thumbnails.querySelectorAll('canvas').forEach((canvas, n) => paint(canvas, pattern(GLYPHS[n]!)!));
      this.drawn = '';
      if (this.last) this.draw(...this.last);
    });
  }

  draw(patterns: Vector[], asked: number, state: Vector): void {
    this.last = [patterns, asked, state];
    const key = patterns.map(nameOf).join();
    if (key !== this.drawn) {
      this.drawn = key;
      this.list.replaceChildren(...patterns.map((units, place) => this.entry(units, place, patterns.length)));
    }
    [...this.list.children].forEach((entry, place) => {
      const share = overlap(state, patterns[place]!);
      const [button] = entry.getElementsByTagName('button');
      button!.setAttribute('aria-pressed', String(place === asked));
      const output = entry.querySelector<HTMLElement>('output')!;
      output.textContent = plain(share, 0.01);
      output.style.setProperty('--share', String(Math.abs(share)));
    });
  }

  private entry(units: Vector, place: number, count: number): HTMLElement {
    const name = `pattern ${place + 1}, ${GLYPHS.includes(nameOf(units)) ? nameOf(units) : 'your own'}`;
    return h(
      'li',
      {},
      h(
        'button',
        { type: 'button', class: 'stored', 'aria-label': `Ask for ${name}`, onclick: () => this.actions.ask(place) },
        thumbnail(units),
      ),
      h('output', { 'aria-label': `overlap with ${name}` }),
      count > 1
        ? h(
            'button',
            {
              type: 'button',
              class: 'remove',
              'aria-label': `Remove ${name}`,
              onclick: () => this.actions.remove(place),
            },
            '×',
          )
        : null,
    );
  }
}

function thumbnail(units: Vector): HTMLCanvasElement {
  const canvas = h('canvas', { class: 'thumbnail', width: SIDE, height: SIDE, 'aria-hidden': 'true' });
  paint(canvas, units);
  return canvas;
}

function paint(canvas: HTMLCanvasElement, units: Vector): void {
  const [off, on] = [colour('unit-off'), colour('unit-on')];
  const picture = new ImageData(SIDE, SIDE);
  units.forEach((value, i) => picture.data.set([...mixed(off, on, value > 0 ? 1 : 0), 255], 4 * i));
  canvas.getContext('2d')!.putImageData(picture, 0, 0);
}
