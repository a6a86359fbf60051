// Elements, and the controls that all views use.

type Child = Node | string | null;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

const SVG = 'http://www.w3.org/2000/svg';

/** An element: attributes by name, listeners as `onclick`, children. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled<T extends Element>(element: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

let count = 0;

export function freshId(what: string): string {
  return `${what}-${(count += 1)}`;
}

export function button(text: string, press: () => void, label?: string): HTMLButtonElement {
  return h('button', { type: 'button', onclick: press, 'aria-label': label }, text);
}

export interface Slider {
  readonly element: HTMLElement;
  set(value: number): void;
  enable(isEnabled: boolean): void;
}

export interface Range {
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

/** A slider with its name and value above it. */
export function slider(
  name: string,
  { low, high, step }: Range,
  value: number,
  change: (value: number) => void,
  written: (value: number) => string = (x) => plain(x, step),
): Slider {
  const id = freshId('slider');
  const output = h('output', { for: id });
  const input = h('input', { id, type: 'range', min: low, max: high, step, value });
  const show = () => {
    output.textContent = written(Number(input.value));
    input.setAttribute('aria-valuetext', output.textContent);
    input.style.setProperty('--share', `${(100 * (Number(input.value) - low)) / (high - low)}%`);
  };
  input.addEventListener('input', () => {
    show();
    change(Number(input.value));
  });
  show();
  return {
    element: h('div', { class: 'slider' }, h('label', { for: id }, name), output, input),
    set(next) {
      input.value = String(next);
      show();
    },
    enable(isEnabled) {
      input.disabled = !isEnabled;
    },
  };
}

export interface Toggle {
  readonly element: HTMLElement;
  set(value: boolean): void;
}

export function toggle(name: string, value: boolean, change: (value: boolean) => void): Toggle {
  const input = h('input', { type: 'checkbox', role: 'switch' });
  input.checked = value;
  input.addEventListener('change', () => change(input.checked));
  return {
    element: h('label', { class: 'toggle' }, input, h('span', {}, name)),
    set(next) {
      input.checked = next;
    },
  };
}

/** One of several, as a row of radio buttons. */
export function choice<Value extends string>(
  name: string,
  options: readonly (readonly [Value, string])[],
  value: Value,
  change: (value: Value) => void,
): { element: HTMLElement; set(value: Value): void } {
  const group = freshId('choice');
  const inputs = options.map(([key]) => {
    const input = h('input', { type: 'radio', name: group, value: key });
    input.checked = key === value;
    input.addEventListener('change', () => change(key));
    return input;
  });
  const labels = options.map(([, text], i) => h('label', {}, inputs[i]!, h('span', {}, text)));
  return {
    element: h('fieldset', { class: 'choice' }, h('legend', {}, name), h('div', {}, ...labels)),
    set(next) {
      inputs.forEach((input) => (input.checked = input.value === next));
    },
  };
}

/** A number with as many decimals as the step has. */
export function plain(value: number, step: number): string {
  const decimals = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  return value.toFixed(decimals).replace('-', '−');
}

export function percent(share: number): string {
  const value = 100 * share;
  return `${value.toFixed(value < 10 ? 1 : 0)} %`;
}

/** Calls the function in the next frame, once, however often it was asked. */
export function oncePerFrame(work: () => void): () => void {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

export const wantsStillness = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
