// Two neurons: the additive model's phase plane.

import { LIMIT, Plane } from '../draw/plane.ts';
import { choice, h, oncePerFrame, slider, type Slider, toggle, button } from '../dom.ts';
import { importances, type Net, type Point } from '../dynamics/additive.ts';
import { type Equilibrium, equilibria, stableManifold } from '../dynamics/equilibria.ts';
import { onThemeChange } from '../theme.ts';
import { NEURONS } from '../texts.ts';
import type { Context, View } from '../view.ts';
import { type Name, NAMES, PRESETS, type Preset, valuesOf } from './neurons/presets.ts';
import { row } from './neurons/row.ts';
import { startsOf, Trajectories } from './neurons/trajectories.ts';

const KEYS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const RANGES: Record<string, [number, number]> = { w: [-3, 3], I: [-2, 2], g: [0.5, 3] };

export const neuronsView: View = {
  id: 'neurons',
  name: 'Two neurons',
  chapter: 'Recurrent networks as dynamical systems',
  paragraph: NEURONS,
  build: (section, context) => new Neurons(section, context).active,
};

class Neurons {
  private readonly plane = new Plane();
  private readonly values = {} as Record<Name, number>;
  private readonly sliders = {} as Record<Name, Slider>;
  private readonly table = h('tbody', {});
  private readonly summary = h('p', { class: 'small', 'aria-live': 'polite' });
  private isSymmetric: boolean;
  private readonly trajectories: Trajectories;
  private found: Equilibrium[] = [];
  private borders: Point[][] = [];
  private cursor: Point = [0, 0];
  private preset: Preset;
  private isShown = false;
  private readonly recompute = oncePerFrame(() => this.compute());
  private readonly render = oncePerFrame(() => this.draw());

  constructor(
    section: HTMLElement,
    private readonly context: Context,
  ) {
    const { settings } = context;
    const id = settings.word(
      'net',
      PRESETS.map((preset) => preset.id),
      PRESETS[0]!.id,
    );
    this.preset = PRESETS.find((preset) => preset.id === id)!;
    const usual = valuesOf(this.preset);
    for (const name of NAMES) {
      const [low, high] = RANGES[name[0]!]!;
      this.values[name] = settings.number(name, usual[name], low, high);
    }
    this.isSymmetric = settings.flag('symmetric', this.values.w12 === this.values.w21);
    this.trajectories = new Trajectories(startsOf(settings.text('starts', '')) ?? this.preset.starts);
    section.append(h('div', { class: 'split even' }, this.picture(), this.side()));
    this.listen();
    onThemeChange(() => this.render());
    new ResizeObserver(() => this.render()).observe(this.plane.element);
  }

  readonly active = (isShown: boolean): void => {
    this.isShown = isShown;
    if (isShown) this.recompute();
  };

  private get net(): Net {
    const { w11, w12, w21, w22, I1, I2, g } = this.values;
    return { weights: [w11, w12, w21, w22], currents: [I1, I2], gain: g };
  }

  private picture(): HTMLElement {
    this.plane.element.setAttribute('aria-describedby', 'plane-help');
    return h(
      'div',
      { class: 'panel' },
      this.plane.element,
      h(
        'p',
        { class: 'small muted', id: 'plane-help' },
        'Click, or move the cross with the arrow keys and press Enter, to start a trajectory; Delete removes all.',
      ),
    );
  }

  private side(): HTMLElement {
    const nets = choice(
      'Net',
      PRESETS.map(({ id, name }) => [id, name] as const),
      this.preset.id,
      (id) => this.choose(id),
    );
    const labels: Record<Name, string> = {
      w11: 'w₁₁',
      w12: 'w₁₂',
      w21: 'w₂₁',
      w22: 'w₂₂',
      I1: 'I₁',
      I2: 'I₂',
      g: 'g, gain',
    };
    for (const name of NAMES) {
      const [low, high] = RANGES[name[0]!]!;
      this.sliders[name] = slider(labels[name], { low, high, step: 0.05 }, this.values[name], (value) =>
        this.set(name, value),
      );
    }
    const symmetry = toggle('w₁₂ = w₂₁', this.isSymmetric, (value) => {
      this.isSymmetric = value;
      if (value) this.set('w12', this.values.w12);
      this.context.settings.keep('symmetric', value, this.preset.weights[1] === this.preset.weights[2]);
    });
    this.symmetry = symmetry.set;
    return h(
      'div',
      { class: 'panel controls' },
      nets.element,
      h(
        'div',
        { class: 'pairs' },
        ...NAMES.map((name) => this.sliders[name].element),
        h('div', { class: 'line end' }, symmetry.element),
      ),
      h(
        'div',
        { class: 'line' },
        h('h3', {}, 'Equilibria'),
        button('Remove trajectories', () => this.clear()),
      ),
      h(
        'table',
        { class: 'numbers' },
        h(
          'thead',
          {},
          h('tr', {}, ...['kind', 'v₁', 'v₂', 'eigenvalues'].map((text) => h('th', { scope: 'col' }, text))),
        ),
        this.table,
      ),
      this.summary,
    );
  }

  private symmetry: (value: boolean) => void = () => {};

  private listen(): void {
    const canvas = this.plane.element;
    canvas.addEventListener('pointerdown', (event) => this.start(this.plane.at(event.clientX, event.clientY)));
    canvas.addEventListener('focus', () => this.render());
    canvas.addEventListener('blur', () => this.render());
    canvas.addEventListener('keydown', (event) => {
      const by = KEYS[event.key];
      if (by) this.cursor = [inside(this.cursor[0] + 0.2 * by[0]), inside(this.cursor[1] + 0.2 * by[1])];
      else if (event.key === 'Enter' || event.key === ' ') this.start(this.cursor);
      else if (event.key === 'Delete' || event.key === 'Backspace') this.clear();
      else return;
      event.preventDefault();
      this.render();
    });
  }

  private choose(id: string): void {
    this.preset = PRESETS.find((preset) => preset.id === id)!;
    const { settings } = this.context;
    settings.keep('net', id, PRESETS[0]!.id);
    Object.assign(this.values, valuesOf(this.preset));
    for (const name of NAMES) {
      this.sliders[name].set(this.values[name]);
      settings.keep(name, this.values[name], this.values[name]);
    }
    this.isSymmetric = this.values.w12 === this.values.w21;
    this.symmetry(this.isSymmetric);
    settings.keep('symmetric', this.isSymmetric, this.isSymmetric);
    this.trajectories.replace(this.preset.starts);
    settings.keep('starts', '', '');
    this.recompute();
  }

  private set(name: Name, value: number): void {
    const other = { w12: 'w21', w21: 'w12' }[name as string] as Name | undefined;
    const usual = valuesOf(this.preset);
    for (const each of this.isSymmetric && other ? [name, other] : [name]) {
      this.values[each] = value;
      this.sliders[each].set(value);
      this.context.settings.keep(each, value, usual[each]);
    }
    this.recompute();
  }

  private start(point: Point): void {
    if (Math.max(Math.abs(point[0]), Math.abs(point[1])) > LIMIT) return;
    this.trajectories.add(this.net, point);
    this.context.settings.keep('starts', this.trajectories.written, '');
    this.render();
  }

  private clear(): void {
    this.trajectories.replace([]);
    this.context.settings.keep('starts', this.trajectories.written, '');
    this.render();
  }

  private compute(): void {
    this.found = equilibria(this.net);
    this.borders = this.found
      .filter(({ kind }) => kind === 'saddle')
      .flatMap((saddle) => stableManifold(this.net, saddle, 2 * LIMIT));
    this.trajectories.follow(this.net);
    this.tell();
    this.draw();
  }

  private tell(): void {
    this.table.replaceChildren(...this.found.map((one) => row(one)));
    const stable = this.found.filter(({ kind }) => kind.startsWith('stable')).length;
    const has = importances(this.net)
      ? 'E falls along every trajectory.'
      : 'The weights are not symmetrisable: there is no E.';
    this.summary.textContent = `${stable} stable of ${this.found.length}. ${has}`;
    const label = `Phase plane: ${this.found.length} equilibria, ${stable} of them stable; `;
    this.plane.element.setAttribute('aria-label', `${label}${this.trajectories.count} trajectories`);
  }

  private draw(): void {
    if (!this.isShown) return;
    const { drawn, isAll } = this.trajectories.advance();
    const hasFocus = document.activeElement === this.plane.element && this.plane.element.matches(':focus-visible');
    this.plane.draw({
      net: this.net,
      equilibria: this.found,
      borders: this.borders,
      trajectories: drawn,
      cursor: hasFocus ? this.cursor : null,
    });
    if (!isAll) this.render();
  }
}

function inside(value: number): number {
  return Math.max(-LIMIT, Math.min(LIMIT, value));
}
