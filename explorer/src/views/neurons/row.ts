// A line of the table of equilibria.

import { h, plain } from '../../dom.ts';
import type { Equilibrium } from '../../dynamics/equilibria.ts';

export function row({ point, kind, real, imaginary }: Equilibrium): HTMLElement {
  const name = kind.startsWith('stable') ? 'stable' : kind === 'saddle' ? 'saddle' : 'unstable';
  const values =
    imaginary > 0
      ? `${plain(real[0], 0.01)} ± ${plain(imaginary, 0.01)} i`
      : real.map((value) => plain(value, 0.01)).join(', ');
  return h(
    'tr',
    {},
    h('th', { scope: 'row' }, h('i', { class: `point ${name}` }), kind),
    ...point.map((value) => h('td', {}, plain(Math.abs(value) < 0.005 ? 0 : value, 0.01))),
    h('td', {}, values),
  );
}
