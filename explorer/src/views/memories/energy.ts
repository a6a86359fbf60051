// The energy of each state of a recall, or why there is none.

import { Chart } from '../../draw/chart.ts';
import { h, plain } from '../../dom.ts';

const NONE = 'The answer is one product: this memory has no energy, and nothing to repeat.';

export class Energy {
  readonly element: HTMLElement;
  private readonly chart = new Chart(190);
  private readonly none = h('p', { class: 'muted' }, NONE);

  constructor() {
    this.element = h('div', { class: 'energy' }, this.chart.element);
  }

  draw(energies: readonly number[] | null, step: number, steps: string): void {
    const content = energies ? this.chart.element : this.none;
    this.element.classList.toggle('none', energies === null);
    if (this.element.firstChild !== content) this.element.replaceChildren(content);
    if (!energies) return;
    const last = energies.length - 1;
    const [low, high] = [Math.min(...energies), Math.max(...energies)];
    const room = 0.08 * (high - low) || 1;
    const points = energies.map((value, n) => [n, value] as const);
    const [from, to] = [plain(energies[0]!, 0.01), plain(energies[last]!, 0.01)];
    this.chart.draw({
      x: { label: steps, low: 0, high: Math.max(1, last), whole: true },
      y: { label: 'energy', low: low - room, high: high + room },
      series: [
        { name: '', colour: 'var(--lstm)', points },
        { name: '', colour: 'var(--fast-weights)', points: [points[step]!], style: 'dots' },
      ],
      description: `The energy falls from ${from} to ${to} in ${last} steps`,
    });
  }
}
