// Reaching back: how far a change of an earlier state is felt in the last one.

import { Chart, type Series } from '../draw/chart.ts';
import { h, oncePerFrame, slider, type Slider, button } from '../dom.ts';
import type { Changes, Network } from '../networks/network.ts';
import { modelColour } from '../theme.ts';
import { REACH, REACH_OF_OWN } from '../texts.ts';
import type { Context, View } from '../view.ts';
import type { ReachResult } from '../worker.ts';

const STRINGS = 8;
const WHEN = ['trained', 'initial'] as const;
const LOWEST = 1e-7;

export const reachView: View = {
  id: 'reach',
  name: 'Reaching back',
  chapter: 'Gradients through time',
  paragraph: REACH,
  paragraphOfOwn: REACH_OF_OWN,
  build: (section, context) => new Reach(section, context).active,
};

class Reach {
  private readonly chart = new Chart(470);
  private readonly table = h('tbody', {});
  private readonly heads = [1, 2, 3].map(() => h('th', { scope: 'col' }));
  private readonly curves = new Map<string, ReachResult>();
  private decay: number;
  private shift: number;
  private pairs: number;
  private readonly usualDecay: number;
  private readonly render = oncePerFrame(() => this.draw());

  constructor(
    section: HTMLElement,
    private readonly context: Context,
  ) {
    const { settings, networks } = context;
    this.usualDecay = Number(networks.find(({ hasFastWeights }) => hasFastWeights)?.options.decay ?? 0.95);
    this.decay = settings.number('reach-decay', this.usualDecay, 0, 1);
    this.shift = settings.number('forget', 0, -4, 6);
    this.pairs = Math.round(settings.number('pairs', 8, 2, 12));
    section.append(
      h('div', { class: 'split wide-first' }, h('div', { class: 'panel' }, this.chart.element), this.side()),
    );
  }

  readonly active = (isShown: boolean): void => {
    if (!isShown) return;
    this.render();
    this.ask(() => true);
  };

  private side(): HTMLElement {
    const has = (model: string) => this.context.networks.some((network) => network.model === model);
    const decay = slider('λ of the fast weights', { low: 0, high: 1, step: 0.01 }, this.decay, (value) => {
      this.decay = value;
      this.keep();
      this.ask(({ hasFastWeights }) => hasFastWeights);
    });
    const shift = slider('Added to the LSTM’s forget gate', { low: -4, high: 6, step: 0.1 }, this.shift, (value) => {
      this.shift = value;
      this.keep();
      this.ask(({ model }) => model === 'lstm');
    });
    const pairs = slider('Pairs in a string', { low: 2, high: 12, step: 1 }, this.pairs, (value) => {
      this.pairs = value;
      this.keep();
      this.ask(() => true);
    });
    const reset = button('As trained', () => this.reset([decay, shift]));
    return h(
      'div',
      { class: 'panel controls' },
      h('h3', {}, 'Settings'),
      has('fast-weights') ? decay.element : null,
      has('lstm') ? shift.element : null,
      pairs.element,
      h('div', { class: 'line' }, h('span', {}), reset),
      h('h3', {}, 'In numbers'),
      h(
        'table',
        { class: 'numbers even' },
        h('thead', {}, h('tr', {}, h('th', {}, 'T − τ'), ...this.heads)),
        this.table,
      ),
      h(
        'p',
        { class: 'small muted' },
        'Strings of T = 2 K + 3 steps for K pairs. Of an LSTM the state is cell and output together. ' +
          '‖·‖ is the largest singular value.',
      ),
    );
  }

  private reset([decay, shift]: Slider[]): void {
    this.decay = this.usualDecay;
    this.shift = 0;
    decay!.set(this.decay);
    shift!.set(0);
    this.keep();
    this.ask(() => true);
  }

  private keep(): void {
    const { settings } = this.context;
    settings.keep('reach-decay', this.decay, this.usualDecay);
    settings.keep('forget', this.shift, 0);
    settings.keep('pairs', this.pairs, 8);
    this.render();
  }

  private ask(which: (network: Network) => boolean): void {
    const changes: Changes = { decay: this.decay, forgetShift: this.shift };
    this.context.networks.forEach((network, index) => {
      if (!which(network)) return;
      for (const when of WHEN) {
        const name = `${when} ${index}`;
        const job = { kind: 'reach', network: index, changes, when, pairs: this.pairs, count: STRINGS } as const;
        this.context.background.ask(`reach ${name}`, job, (result: ReachResult) => {
          this.curves.set(name, result);
          this.render();
        });
      }
    });
  }

  private draw(): void {
    const length = 2 * this.pairs + 2;
    const { networks } = this.context;
    const of = (index: number, when: string) => this.curves.get(`${when} ${index}`) ?? [];
    const points = (curve: readonly number[]) => curve.slice(0, length).map((value, n) => [n + 1, value] as const);
    const series: Series[] = networks.flatMap((network, index) => {
      const colour = modelColour(network.model);
      return [
        { name: network.name, colour, points: points(of(index, 'trained')) },
        { name: '', colour, points: points(of(index, 'initial')), style: 'dashed' as const },
      ];
    });
    series.push({ name: 'before training', colour: 'var(--muted)', points: [], style: 'dashed' });
    const memory = networks.findIndex(({ hasFastWeights }) => hasFastWeights);
    if (memory >= 0) {
      const guide = Array.from({ length }, (_, n) => this.decay ** n);
      series.push({ name: 'λ^{T−τ−1}', colour: 'var(--ink)', points: points(guide), style: 'dotted' });
    }
    const largest = Math.max(10, ...[...this.curves.values()].flat().filter(Number.isFinite));
    this.chart.draw({
      x: { label: 'T − τ, steps back', low: 1, high: length, whole: true },
      y: { label: '‖∂h(T)/∂h(τ)‖', low: LOWEST, high: 10 ** Math.ceil(Math.log10(largest)), logarithmic: true },
      series,
      description:
        'The norm of the derivative against the number of steps back, for each network before and after training; ' +
        'the table beside it has the numbers',
    });
    placesOf(length).forEach((place, n) => (this.heads[n]!.textContent = String(place + 1)));
    this.showNumbers(length);
  }

  private showNumbers(length: number): void {
    const { networks } = this.context;
    if (this.table.childElementCount === 0) {
      this.table.append(...networks.flatMap((network) => WHEN.map((when) => this.row(network, when))));
    }
    networks.forEach((_, index) =>
      WHEN.forEach((when, n) => {
        const curve = this.curves.get(`${when} ${index}`) ?? [];
        const cells = this.table.children[WHEN.length * index + n]!.getElementsByTagName('td');
        placesOf(length).forEach((place, column) => {
          const text = short(curve[place]);
          if (cells[column]!.textContent !== text) cells[column]!.textContent = text;
        });
      }),
    );
  }

  private row(network: Network, when: string): HTMLElement {
    const name = when === 'trained' ? network.name : 'before training';
    return h(
      'tr',
      { class: when },
      h(
        'th',
        { scope: 'row' },
        when === 'trained' ? h('i', { class: 'swatch', style: `--colour: ${modelColour(network.model)}` }) : null,
        name,
      ),
      ...this.heads.map(() => h('td', {}, '…')),
    );
  }
}

/** The distances that the table has: the least, half, and the largest. */
function placesOf(length: number): number[] {
  return [0, Math.floor(length / 2) - 1, length - 1];
}

function short(value: number | undefined): string {
  if (value === undefined) return '…';
  if (value === 0) return '0';
  return value >= 0.001 && value < 1000 ? value.toPrecision(2) : value.toExponential(0).replace('-', '−');
}
