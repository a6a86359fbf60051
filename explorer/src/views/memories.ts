// Memories: patterns are stored, and one is recalled from what is left of it.

import { button, choice, h, oncePerFrame, slider } from '../dom.ts';
import type { Vector } from '../numerics/linear.ts';
import { generator, signs } from '../numerics/random.ts';
import { Player } from '../player.ts';
import { MEMORIES } from '../texts.ts';
import type { Context, View } from '../view.ts';
import { Capacity } from './memories/capacity.ts';
import { Chooser } from './memories/chooser.ts';
import { Energy } from './memories/energy.ts';
import { nameOf, pattern, UNITS } from './memories/glyphs.ts';
import { Grid } from './memories/grid.ts';
import { damaged, type Recall, recalled } from './memories/recall.ts';
import { Store } from './memories/store.ts';

const USUAL = ['heart', 'checks', 'stairs', 'half'];
const SHARE = 0.45;

export const memoriesView: View = {
  id: 'memories',
  name: 'Memories',
  chapter: 'Linear memories',
  paragraph: MEMORIES,
  build: (section, context) => new Memories(section, context).active,
};

class Memories {
  private readonly chooser: Chooser;
  private patterns: Vector[];
  private asked: number;
  private how: 'erase' | 'flip';
  private share: number;
  private seed: number;
  private query!: Vector;
  private recall!: Recall;
  private step = 0;
  private isShown = false;
  private readonly store: Store;
  private readonly queryGrid = new Grid('query', (units) => this.draw(units));
  private readonly stateGrid = new Grid('recalled');
  private readonly energy = new Energy();
  private readonly said = h('p', { class: 'small', 'aria-live': 'polite' });
  private readonly player = new Player(
    () => this.forward(),
    12,
    () => this.go(0),
  );
  private readonly capacity = new Capacity();
  private readonly render = oncePerFrame(() => this.show());

  constructor(
    section: HTMLElement,
    private readonly context: Context,
  ) {
    const { settings } = context;
    this.chooser = new Chooser(settings, () => this.again());
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
    section.append(
      this.chooser.element,
      h('div', { class: 'split recalling' }, this.storePanel(), this.recallPanel()),
      this.capacity.element,
    );
    this.damage();
  }

  readonly active = (isShown: boolean): void => {
    if (!isShown) {
      this.isShown = false;
      this.player.stop();
      this.capacity.stop();
      return;
    }
    this.render();
    this.isShown = true;
    requestAnimationFrame(() => this.grow());
  };

  private storePanel(): HTMLElement {
    return h(
      'div',
      { class: 'panel' },
      h('h3', {}, 'Stored patterns'),
      this.store.element,
      h(
        'div',
        { class: 'line' },
        button('Store the query', () => this.add(this.query.map((x) => (x > 0 ? 1 : -1)))),
        button('Store a random one', () => this.add(signs(generator(Date.now()), UNITS))),
      ),
    );
  }

  private recallPanel(): HTMLElement {
    const how = choice(
      'Damage',
      [
        ['erase', 'Erase'],
        ['flip', 'Flip'],
      ] as const,
      this.how,
      (value) => {
        this.how = value;
        this.context.settings.keep('damage', value, 'erase');
        this.damage();
      },
    );
    const share = slider(
      'Share of the units',
      { low: 0, high: 1, step: 0.05 },
      this.share,
      (value) => {
        this.share = value;
        this.context.settings.keep('share', value, SHARE);
        this.damage();
      },
      (value) => `${Math.round(100 * value)} %`,
    );
    const others = button('Other units', () => {
      this.seed += 1;
      this.context.settings.keep('seed', this.seed, 1);
      this.damage();
    });
    return h(
      'div',
      { class: 'panel' },
      h('h3', {}, 'Recall'),
      h(
        'div',
        { class: 'recall' },
        h('div', { class: 'grids' }, this.queryGrid.element, this.stateGrid.element),
        h(
          'div',
          { class: 'controls' },
          h('div', { class: 'line' }, how.element, others),
          share.element,
          h(
            'div',
            { class: 'steps', role: 'group', 'aria-label': 'Steps of the recall' },
            button('‹', () => this.go(this.step - 1), 'One step back'),
            this.player.element,
            button('›', () => this.go(this.step + 1), 'One step on'),
          ),
          this.said,
        ),
      ),
      this.energy.element,
      h(
        'p',
        { class: 'small muted' },
        'Draw on the query (or move with the arrow keys, and turn a unit with the space bar). Grey: not known.',
      ),
    );
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
    this.recall = recalled(this.chooser.kind, this.chooser.parameter, this.patterns, this.query);
    this.go(this.recall.states.length - 1);
    this.grow();
  }

  /** The curve of errors begins anew for another memory, or another number of it. */
  private grow(): void {
    if (this.isShown) this.capacity.show(this.chooser.kind, this.chooser.parameter);
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
    const found = wrong === 0 ? 'all units are right' : `${wrong} of ${UNITS} units are wrong or not known`;
    this.said.textContent = `Step ${this.step} of ${last}: ${found}.`;
    this.energy.draw(energies, this.step, this.chooser.kind.id === 'hopfield' ? 'units turned' : 'updates');
  }
}
