// Colours for what is drawn on canvases; they are those of the style sheet, light or dark.

export type Colour = readonly [number, number, number];

export function colour(name: string): Colour {
  const text = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const value = Number.parseInt(text.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function css([r, g, b]: Colour, opacity = 1): string {
  return `rgb(${r} ${g} ${b} / ${opacity})`;
}

export function mixed(from: Colour, to: Colour, share: number): Colour {
  const along = (i: 0 | 1 | 2) => Math.round(from[i] + share * (to[i] - from[i]));
  return [along(0), along(1), along(2)];
}

/** Calls the function when the system changes between light and dark. */
export function onThemeChange(redraw: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
}

/** The style sheet's colour of a model; report and figures have the same. */
export function modelColour(model: string): string {
  const known = ['fast-weights', 'lstm', 'irnn'];
  return `var(--${known.includes(model) ? model : 'other-model'})`;
}
