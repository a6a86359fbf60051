// The string, a button for each character, and arcs to the characters that a step looks back at.

import { h, svg } from '../../dom.ts';
import type { Vector } from '../../numerics/linear.ts';

const [MANY, VERY_MANY] = [13, 21];

export interface Looks {
  readonly text: string;
  /** The step that is shown, from 0. */
  readonly step: number;
  /** Equation 4's terms by step and earlier state; null if there are none to show. */
  readonly attention: Vector[] | null;
  /** The character whose later readers are shown; null to show what the step looks back at. */
  readonly pointed: number | null;
}

export class Strip {
  readonly element: HTMLElement;
  private readonly arcs = svg('svg', { class: 'arcs', 'aria-hidden': true });
  private readonly row = h('div', {
    class: 'characters',
    role: 'group',
    'aria-label': 'The string, character by character',
  });
  private cells: { button: HTMLButtonElement; share: HTMLElement; more: HTMLElement }[] = [];
  private last: Looks | undefined;

  constructor(
    private readonly point: (place: number | null) => void,
    private readonly go: (place: number) => void,
  ) {
    this.element = h('div', { class: 'strip' }, this.arcs, this.row);
    this.row.addEventListener('pointerleave', () => this.point(null));
    this.row.addEventListener('keydown', (event) => this.move(event));
    new ResizeObserver(() => this.last && this.drawArcs(this.last)).observe(this.element);
  }

  draw(looks: Looks): void {
    this.last = looks;
    this.setCharacters(looks.text);
    const { step, pointed } = looks;
    const asked = looks.text.indexOf(looks.text.at(-1)!);
    const shares = this.shares(looks);
    this.cells.forEach(({ button, share, more }, place) => {
      const value = shares[place] ?? null;
      share.textContent = value !== null && value >= 0.005 ? `${Math.round(100 * value)} %` : '';
      button.classList.toggle('asked', place === asked || place === asked + 1);
      button.classList.toggle('unread', place > step);
      button.classList.toggle('pointed', place === pointed);
      if (place === step) button.setAttribute('aria-current', 'step');
      else button.removeAttribute('aria-current');
      button.tabIndex = place === step ? 0 : -1;
      more.textContent = ` ${share.textContent ? told(looks) : ''}, step ${place + 1}`;
    });
    this.element.classList.toggle('plain', looks.attention === null);
    // Where there is no room for the shares, the arcs' widths have to do.
    this.element.classList.toggle('many', looks.text.length > MANY);
    this.element.classList.toggle('very-many', looks.text.length > VERY_MANY);
    this.drawArcs(looks);
  }

  /** The share of each character: of what the step looks back at, or of what later steps look back at it. */
  private shares({ attention, step, pointed, text }: Looks): (number | null)[] {
    if (!attention) return [];
    const of = (t: number, tau: number) => shareOf(attention[t]!, tau);
    if (pointed === null) return [...text].map((_, tau) => (tau < step ? of(step, tau) : null));
    return [...text].map((_, t) => (t > pointed && t <= step ? of(t, pointed) : null));
  }

  private setCharacters(text: string): void {
    if (this.row.dataset.text === text) return;
    this.row.dataset.text = text;
    this.cells = [...text].map((character, place) => {
      const share = h('span', { class: 'share' });
      const more = h('span', { class: 'unseen' });
      const button = h('button', { type: 'button', class: 'character' }, h('span', {}, character), share, more);
      button.addEventListener('click', () => this.go(place));
      button.addEventListener('pointerenter', (event) => event.pointerType !== 'touch' && this.point(place));
      return { button, share, more };
    });
    this.row.replaceChildren(...this.cells.map(({ button }) => button));
  }

  /** Arrow keys go from character to character; space shows which later steps look back at it. */
  private move(event: KeyboardEvent): void {
    const place = this.cells.findIndex(({ button }) => button === event.target);
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -place, End: this.cells.length - 1 - place }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = Math.min(this.cells.length - 1, Math.max(0, place + by));
    const pointed = event.shiftKey ? next : null;
    if (pointed === null) this.go(next);
    this.point(pointed);
    this.cells[next]!.button.focus();
  }

  private drawArcs(looks: Looks): void {
    const { clientWidth: width, clientHeight: height } = this.arcs;
    this.arcs.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const shares = this.shares(looks);
    const from = looks.pointed ?? looks.step;
    const paths = shares.flatMap((share, place) => {
      if (share === null || share < 0.005) return [];
      const className = looks.pointed === null ? 'arc' : 'arc back';
      return [
        svg('path', {
          d: arc(this.centre(from), this.centre(place), height),
          class: className,
          'stroke-width': 1 + 11 * share,
        }),
      ];
    });
    this.arcs.replaceChildren(...paths);
  }

  private centre(place: number): number {
    const { button } = this.cells[place]!;
    return button.offsetLeft + button.offsetWidth / 2;
  }
}

/** The share of one state in a step's terms; 0 if there are none. */
export function shareOf(terms: Vector, tau: number): number {
  const total = terms.reduce((sum, x) => sum + x, 0);
  return total > 0 ? terms[tau]! / total : 0;
}

/** What the share is of, for those who do not see the arcs. */
function told({ pointed, text }: Looks): string {
  return pointed === null ? 'of what the step looks back at' : `of what it looks back at is ${text[pointed]}`;
}

/** Half an ellipse, nearly; a wide arc stays below the upper edge. */
function arc(from: number, to: number, height: number): string {
  const rise = Math.min(height - 10, 16 + Math.abs(from - to) * 0.36) / 0.75;
  return `M${from} ${height} C${from} ${height - rise} ${to} ${height - rise} ${to} ${height}`;
}
