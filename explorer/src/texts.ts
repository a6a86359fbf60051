// The paragraph of each view: what it is, what to see at once, what to try. `_{}` and `^{}` are sub- and superscripts.

export type Paragraph = readonly [string, string, string];

export const RETRIEVAL: Paragraph = [
  'A network reads letters, each followed by a digit, then ?? and one of the letters again, and answers with that ' +
    'letter’s digit. ',
  'Look at the arcs from the last step: all of its weight is on the letter asked for and its digit.',
  ' They are the terms η λ^{t−1−τ} [h(τ)ᵀ h_{s}] of equation 4 in Ba et al. (2016), by which fast weights attend to their earlier ' +
    'states h(τ); each is shown as its share. The state h_{s} is what inner step s has. Drag λ, and see how many more strings go wrong.',
];

export const RETRIEVAL_OF_OWN: Paragraph = [
  RETRIEVAL[0],
  'Look at the arcs from the last step: do they lead to the letter asked for and its digit?',
  RETRIEVAL[2],
];

export const MEMORIES: Paragraph = [
  'A memory stores patterns, and recalls one of them from a part. ',
  'Nearly half of the heart is erased; Hopfield’s network turns one unit after another, each turn lowers the ' +
    'energy, and it ends in the pattern as it was stored.',
  ' Choose Hebb’s rule: its answer is mixed with the patterns that overlap. Erase more, flip, draw your own. ' +
    'The number below a stored pattern is its overlap with what is recalled: 1 if equal. Further down, random patterns are stored until recall fails, about where theory says it must.',
];

export const NEURONS: Paragraph = [
  'Two units of the additive model, dv_{j}/dt = −v_{j} + Σ_{i} w_{ji} tanh(g v_{i}) + I_{j}, move in the plane of ' +
    'their potentials. ',
  'Click anywhere: the trajectory runs downhill to one of the stable equilibria, and the dashed borders through ' +
    'the saddles decide to which.',
  ' The shading is the Lyapunov function E, which exists while the weights are symmetrisable. Choose “Cycle”: ' +
    'there is none, and nothing comes to rest.',
];

export const REACH: Paragraph = [
  'A network learns from what happened T − τ steps ago only if a change of h(τ) is still felt in h(T): the curves ' +
    'are ‖∂h(T)/∂h(τ)‖, the mean over strings. ',
  'Before training (dashed) the IRNN halves it with each step, the LSTM multiplies it by its forget gates, and ' +
    'fast weights lose nothing with distance.',
  ' Their way back does not go through W step by step but through the memory, which costs a factor λ a step, ' +
    'dotted. Open the LSTM’s forget gate, or lower λ. After training all three reach far, and yet only one ' +
    'retrieves well.',
];

export const REACH_OF_OWN: Paragraph = [
  REACH[0],
  'Dashed is each network before training, solid as it was trained: how much further does it reach?',
  ' In an IRNN a step costs a product with W, in an LSTM its forget gates, and with fast weights there is a way ' +
    'through the memory, which costs a factor λ a step, dotted. Open the LSTM’s forget gate, or lower λ.',
];
