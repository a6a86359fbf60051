// Functions of mathematics that browsers lack.

/** erf(x) = 2/√π Σ_n (−1)ⁿ x^(2n+1)/(n! (2n+1)), for |x| < 4; beyond, ±1 in all digits shown. */
export function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** ₀F₁(a; z) = Σ_n zⁿ/(n! a (a + 1) … (a + n − 1)) times e^scale, for z > 0, without overflow on the way. */
export function scaledHypergeometric(a: number, z: number, scale: number): number {
  let logarithm = scale;
  let sum = Math.exp(logarithm);
  for (let n = 1; n < 2000; n++) {
    logarithm += Math.log(z) - Math.log(n) - Math.log(a + n - 1);
    const term = Math.exp(logarithm);
    sum += term;
    if (n * (a + n) > z && term < 1e-17 * sum) break;
  }
  return sum;
}
