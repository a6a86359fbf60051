// Associative retrieval: pairs of a letter and a digit, then `??` and one of the letters: c9k8j3f1??c → 9.

import { below, type Random, shuffled } from '../numerics/random.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const ALPHABET = `${LETTERS}${DIGITS}?`;
/** What an output stands for: of a softmax over all symbols, those after the digits are letters and the mark. */
export const ANSWERS = `${DIGITS}${LETTERS}?`;

export function encoded(text: string): number[] {
  return [...text].map((symbol) => ALPHABET.indexOf(symbol));
}

/** What is wrong with a string of so many pairs, in one sentence; null if nothing is. */
export function mistake(text: string, pairs: number, digitsDiffer: boolean): string | null {
  const wrong = [...text].find((symbol) => !ALPHABET.includes(symbol));
  if (wrong !== undefined) return `Letters a–z, digits and ? only: “${wrong}” is none of them.`;
  if (!/^([a-z][0-9])*\?\?[a-z]$/.test(text)) {
    return `Write ${pairs} pairs of a letter and a digit, then ?? and one of the letters, such as c9k8j3f1??c.`;
  }
  const letters = [...text.slice(0, -3)].filter((_, i) => i % 2 === 0);
  const digits = [...text.slice(0, -3)].filter((_, i) => i % 2 === 1);
  if (letters.length !== pairs)
    return `These networks were trained on ${pairs} pairs; the string has ${letters.length}.`;
  if (new Set(letters).size !== pairs) return 'The letters must differ: each is followed by one digit.';
  if (digitsDiffer && new Set(digits).size !== pairs) return 'The digits must differ: the networks were trained so.';
  if (!letters.includes(text.at(-1)!)) return `The letter asked for, ${text.at(-1)}, occurs in no pair.`;
  return null;
}

/** The place of the letter asked for; its digit is the next one. */
export function askedPlace(text: string): number {
  return text.indexOf(text.at(-1)!);
}

export function answer(text: string): string {
  return text[askedPlace(text) + 1]!;
}

export function drawn(random: Random, pairs: number, digitsDiffer: boolean): string {
  const letters = shuffled(random, LETTERS.length)
    .slice(0, pairs)
    .map((i) => LETTERS[i]!);
  const order = shuffled(random, DIGITS.length);
  const digits = letters.map((_, i) => DIGITS[digitsDiffer ? order[i]! : below(random, DIGITS.length)]!);
  const asked = letters[below(random, pairs)]!;
  return `${letters.map((letter, i) => letter + digits[i]!).join('')}??${asked}`;
}
