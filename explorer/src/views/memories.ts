// Memories: patterns are stored, and one is recalled from what is left of it.

import { Chart } from '../draw/chart.ts';
import { button, choice, h, oncePerFrame, plain, slider } from '../dom.ts';
import type { Vector } from '../numerics/linear.ts';
import { generator, signs } from '../numerics/random.ts';
import { Player } from '../player.ts';
import type { Context, View } from '../view.ts';
import { Capacity } from './memories/capacity.ts';
import { nameOf, pattern, UNITS } from './memories/glyphs.ts';
import { Grid } from './memories/grid.ts';
import { type Kind, KINDS } from './memories/kinds.ts';
import { damaged, type Recall, recalled } from './memories/recall.ts';
import { Store } from './memories/store.ts';

const USUAL = ['heart', 'checks', 'stairs', 'half'];
const SHARE = 0.45;

export const memoriesView: View = {
  id: 'memories',
  name: 'Memories',
  chapter: 'Linear memories',
  paragraph: [
    'A memory stores patterns, and recalls one of them from a part. ',
    'Nearly half of the heart is erased; Hopfield’s network turns one unit after another, each turn lowers the energy, and it ends in the pattern as it was stored.',
    ' Choose Hebb’s rule: its answer is mixed with the patterns that overlap. Erase more, flip, draw your own. Below, random patterns are stored until recall fails, about where theory says it must.',
  ],
  build: (section, context) => new Memories(section, context).active,
};

class Memories {
  private kind: Kind;
  private parameter: number;
  private patterns: Vector[];
  private asked: number;
  private how: 'erase' | 'flip';
  private share: number;
  private seed: number;
  private query!: Vector;
  private recall!: Recall;
  private step = 0;
  private readonly store: Store;
  private readonly queryGrid = new Grid('query', (units) => this.draw(units));
  private readonly stateGrid = new Grid('recalled');
  private readonly energy = new Chart(190);
  private readonly energyPlace = h('div', { class: 'energy' }, this.energy.element);
  private readonly rule = h('p', { class: 'small' });
  private readonly said = h('p', { class: 'small', 'aria-live': 'polite' });
  private readonly parameterPlace = h('div', {});
  private readonly player = new Player(() => this.forward(), 12, () => this.go(0));
  private readonly capacity = new Capacity();
  private readonly render = oncePerFrame(() => this.show());

  constructor(
    section: HTMLElement,
    private readonly context: Context,
  ) {
    const { settings } = context;
    const id = settings.word('memory', KINDS.map((kind) => kind.id), KINDS[0]!.id);
    this.kind = KINDS.find((kind) => kind.id === id)!;
    this.parameter = this.parameterFromAddress();
    const named = settings.text('patterns', USUAL.join(',')).split(',').map(pattern);
    this.patterns = named.filter((one) => one !== null).slice(0, Store.MOST);
    if (this.patterns.length === 0) this.patterns = USUAL.map((name) => pattern(name)!);
    this.asked = Math.round(settings.number('asked', 0, 0, this.patterns.length - 1));
    this.how = settings.word('damage', ['erase', 'flip'] as const, 'erase');
    this.share = settings.number('share', SHARE, 0, 1);
    this.seed = Math.round(settings.number('seed', 1, 1, 9999));
    this.store = new Store({
      ask: (place) => this.ask(place),
      remove: (place) => this.remove(place),
      add: (units) => this.add(units),
    });
    section.append(this.choices(), h('div', { class: 'split recalling' }, this.storePanel(), this.recallPanel()), this.capacity.element);
    this.damage();
  }

  readonly active = (isShown: boolean): void => {
    if (!isShown) {
      this.player.stop();
      this.capacity.stop();
      return;
    }
    this.render();
    requestAnimationFrame(() => this.capacity.show(this.kind, this.parameter));
  };

  private choices(): HTMLElement {
    const kinds = choice('Memory', KINDS.map(({ id, name }) => [id, name] as const), this.kind.id, (id) => this.choose(id));
    this.showParameter();
    return h('div', { class: 'toolbar memory' }, kinds.element, this.parameterPlace, this.rule);
  }

  private storePanel(): HTMLElement {
    return h('div', { class: 'panel' }, h('h3', {}, 'Stored patterns'), this.store.element,
      h('div', { class: 'line' },
        button('Store the query', () => this.add(this.query.map((x) => (x > 0 ? 1 : -1)))),
        button('Store a random one', () => this.add(signs(generator(Date.now()), UNITS)))));
  }

  private recallPanel(): HTMLElement {
    const how = choice('Damage', [['erase', 'Erase'], ['flip', 'Flip']] as const, this.how, (value) => {
      this.how = value;
      this.context.settings.keep('damage', value, 'erase');
      this.damage();
    });
    const share = slider('Share of the units', { low: 0, high: 1, step: 0.05 }, this.share, (value) => {
      this.share = value;
      this.context.settings.keep('share', value, SHARE);
      this.damage();
    }, (value) => `${Math.round(100 * value)} %`);
    const others = button('Other units', () => {
      this.seed += 1;
      this.context.settings.keep('seed', this.seed, 1);
      this.damage();
    });
    return h(
      'div',
      { class: 'panel' },
      h('h3', {}, 'Recall'),
      h('div', { class: 'recall' },
        h('div', { class: 'grids' }, this.queryGrid.element, this.stateGrid.element),
        h('div', { class: 'controls' }, h('div', { class: 'line' }, how.element, others), share.element,
          h('div', { class: 'steps', role: 'group', 'aria-label': 'Steps of the recall' },
            button('‹', () => this.go(this.step - 1), 'One step back'), this.player.element,
            button('›', () => this.go(this.step + 1), 'One step on')),
          this.said)),
      this.energyPlace,
      h('p', { class: 'small muted' }, 'Draw on the query (or move with the arrow keys, and turn a unit with the space bar). Grey: not known.'),
    );
  }

  private parameterFromAddress(): number {
    const { parameter } = this.kind;
    if (!parameter) return 0;
    return this.context.settings.number(`memory-${this.kind.id}`, parameter.usual, parameter.range.low, parameter.range.high);
  }

  private showParameter(): void {
    const { parameter, id } = this.kind;
    const control = parameter && slider(parameter.name, parameter.range, this.parameter, (value) => {
      this.parameter = value;
      this.context.settings.keep(`memory-${id}`, value, parameter.usual);
      this.again();
      this.capacity.show(this.kind, value);
    });
    this.parameterPlace.replaceChildren(...(control ? [control.element] : []));
    this.rule.textContent = this.kind.rule;
  }

  private choose(id: string): void {
    this.kind = KINDS.find((kind) => kind.id === id)!;
    this.context.settings.keep('memory', id, KINDS[0]!.id);
    this.parameter = this.parameterFromAddress();
    this.showParameter();
    this.again();
    this.capacity.show(this.kind, this.parameter);
  }

  private ask(place: number): void {
    this.asked = place;
    this.context.settings.keep('asked', place, 0);
    this.damage();
  }

  private add(units: Vector): void {
    if (this.patterns.length < Store.MOST) this.keep([...this.patterns, units]);
  }

  private remove(place: number): void {
    if (this.patterns.length === 1) return;
    this.keep(this.patterns.filter((_, n) => n !== place));
    this.ask(Math.min(this.asked - Number(place < this.asked), this.patterns.length - 1));
  }

  private keep(patterns: Vector[]): void {
    this.patterns = patterns;
    this.context.settings.keep('patterns', patterns.map(nameOf).join(','), USUAL.join(','));
    this.again();
  }

  private damage(): void {
    this.query = damaged(this.patterns[this.asked]!, this.how, this.share, this.seed);
    this.again();
  }

  private draw(units: Vector): void {
    this.query = units;
    this.again();
  }

  /** What was recalled is computed anew, and its end is shown. */
  private again(): void {
    this.player.stop();
    this.recall = recalled(this.kind, this.parameter, this.patterns, this.query);
    this.go(this.recall.states.length - 1);
  }

  private go(step: number): void {
    this.step = Math.max(0, Math.min(this.recall.states.length - 1, step));
    this.render();
  }

  private forward(): boolean {
    this.go(this.step + 1);
    return this.step < this.recall.states.length - 1;
  }

  private show(): void {
    const { states, energies } = this.recall;
    const state = states[this.step]!;
    this.queryGrid.draw(this.query);
    this.stateGrid.draw(state);
    this.store.draw(this.patterns, this.asked, state);
    const wanted = this.patterns[this.asked]!;
    const wrong = state.reduce((sum, x, i) => sum + Number(x * wanted[i]! <= 0), 0);
    const last = states.length - 1;
    this.said.textContent = `Step ${this.step} of ${last}: ${wrong === 0 ? 'all units are right' : `${wrong} of ${UNITS} units are wrong or not known`}.`;
    this.showEnergy(energies, last);
  }

  private showEnergy(energies: number[] | null, last: number): void {
    this.energyPlace.classList.toggle('none', energies === null);
    if (!energies) {
      this.energyPlace.replaceChildren(h('p', { class: 'muted' }, 'The answer is one product: this memory has no energy, and nothing to repeat.'));
      return;
    }
    this.energyPlace.replaceChildren(this.energy.element);
    const [low, high] = [Math.min(...energies), Math.max(...energies)];
    const room = 0.08 * (high - low) || 1;
    const points = energies.map((value, n) => [n, value] as const);
    this.energy.draw({
      x: { label: this.kind.id === 'hopfield' ? 'units turned' : 'updates', low: 0, high: Math.max(1, last), whole: true },
      y: { label: 'energy', low: low - room, high: high + room },
      series: [
        { name: '', colour: 'var(--lstm)', points },
        { name: '', colour: 'var(--fast-weights)', points: [points[this.step]!], style: 'dots' },
      ],
      description: `The energy falls from ${plain(energies[0]!, 0.1)} to ${plain(energies[last]!, 0.1)} in ${last} steps`,
    });
  }
}

