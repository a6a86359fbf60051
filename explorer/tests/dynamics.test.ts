// Two units of the additive model against the library's: 1e-6.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { energies, energy, importances, jacobian, trajectory, velocity } from '../src/dynamics/additive.ts';
import { equilibria, stableManifold } from '../src/dynamics/equilibria.ts';
import { assertClose, golden } from './golden.ts';

for (const expected of golden('dynamics')) {
  const { net } = expected;
  test(`weights ${net.weights}: velocity, Jacobian, energy, equilibria and their kinds`, () => {
    assertClose(
      expected.points.map((v: [number, number]) => velocity(net, v)),
      expected.velocities,
      1e-6,
    );
    const jacobians = expected.points.map((v: [number, number]) => {
      const [a, b, c, d] = jacobian(net, v);
      return [
        [a, b],
        [c, d],
      ];
    });
    assertClose(jacobians, expected.jacobians, 1e-6);
    const importance = importances(net);
    assert.equal(importance === null, expected.importance === null);
    if (importance) {
      assertClose(importance, expected.importance, 1e-12);
      const single = expected.points.map((v: [number, number]) => energy(net, importance, v));
      assertClose(single, expected.energies, 1e-6);
      const [[x, y], [z, w]] = expected.points;
      const grid = energies(net, importance, [x, z], [y, w]);
      assertClose([grid[0], grid[3]], expected.energies, 1e-6);
    }
    const found = equilibria(net);
    assertClose(
      found.map(({ point }) => point),
      expected.equilibria.map((v: any) => v.point),
      1e-6,
    );
    assert.deepEqual(
      found.map(({ kind }) => kind),
      expected.equilibria.map((v: any) => v.kind),
    );
  });
}

test('the energy falls along a trajectory', () => {
  const net = { weights: [2, 0.3, 0.3, 2], currents: [0.1, 0], gain: 1 } as const;
  const falling = trajectory(net, [1.5, -2.5], 0.05, 400).map((v) => energy(net, [1, 1], v));
  assert.ok(falling.length > 50);
  falling.slice(1).forEach((value, n) => assert.ok(value <= falling[n]! + 1e-12));
});

test("a flip-flop's basins meet on the diagonal v1 + v2 = 0", () => {
  const net = { weights: [0, 2, 2, 0], currents: [0, 0], gain: 1 } as const;
  const saddle = equilibria(net).find(({ kind }) => kind === 'saddle')!;
  const border = stableManifold(net, saddle, 5).flat();
  assert.ok(border.length > 100);
  border.forEach(([x, y]) => assert.ok(Math.abs(x + y) < 1e-6));
});
