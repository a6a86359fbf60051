// Short formulas within text: h_{s} and λ^{t} as subscripts and superscripts.

import { h } from './dom.ts';

export function withFormulas(text: string): (Node | string)[] {
  return text.split(/([_^]\{[^}]*\})/).map((part) => {
    const found = /^([_^])\{(.*)\}$/.exec(part);
    return found ? h(found[1] === '_' ? 'sub' : 'sup', {}, found[2]!) : part;
  });
}
