// Outer-product memories: the passes over a state that take all the time, for every rule.
#pragma once

#include "products.h"

namespace fastweights {

enum class Rule { add, delta, general };  // nothing is erased; p is, under the key w; under e
enum class Decay { none, one, each };     // one number a write; one for each unit of the key

// What a write has for the keys. What a rule does not have is not looked at.
template <class T>
struct WriteRows {
  const T *key, *decay, *lookup, *erase;
};

// Some values, in n vectors.
template <class T, int n>
struct Values {
  Vector<T> part[n];

  // One vector after the other: a copy of the whole would go by way of the stack.
  static Values at(const T* from) {
    Values values;
    for (int p = 0; p < n; ++p) values.part[p] = *(const Vector<T>*)(from + p * kWidth<T>);
    return values;
  }
  void put(T* to) const {
    for (int p = 0; p < n; ++p) *(Vector<T>*)(to + p * kWidth<T>) = part[p];
  }

  // this += x · factor
  void add(const Values& x, T factor) {
    for (int p = 0; p < n; ++p) part[p] += x.part[p] * factor;
  }
  void subtract(const Values& x) {
    for (int p = 0; p < n; ++p) part[p] -= x.part[p];
  }
  void scale(T factor) {
    for (int p = 0; p < n; ++p) part[p] *= factor;
  }
  // The products, of which the sum over the lanes is one number.
  Vector<T> times(const Values& x) const {
    Vector<T> sum = part[0] * x.part[0];
    for (int p = 1; p < n; ++p) sum += part[p] * x.part[p];
    return sum;
  }
};

// What a pass reads and writes besides the states. Columns have the values of a strip.
template <class T>
struct WriteColumns {
  const T *value, *found;  // v and p of the write
  const T *query, *next;   // q, and r of the write that follows
  T *output, *answer;      // S q, and S r for that
};

// to = from Diag(a) − p eᵀ + v wᵀ, and if asked, S q and S r while the new state is at hand.
template <Rule rule, Decay decay, bool asked, class T, int n>
void write_pass(const T* from, T* to, int keys, const WriteRows<T>& write, const WriteColumns<T>& columns) {
  using Part = Values<T, n>;
  Part value = Part::at(columns.value), read{}, lookup{};
  const Part found = Part::at(columns.found);
  if (rule == Rule::delta) value.subtract(found);
  const T a = decay == Decay::one ? *write.decay : T(1);
  for (int k = 0; k < keys; ++k, from += n * kWidth<T>, to += n * kWidth<T>) {
    Part s = Part::at(from);
    if (decay == Decay::one) s.scale(a);
    if (decay == Decay::each) s.scale(write.decay[k]);
    s.add(value, write.key[k]);
    if (rule == Rule::general) s.add(found, -write.erase[k]);
    s.put(to);
    if (!asked) continue;
    read.add(s, columns.query[k]);
    if (rule != Rule::add) lookup.add(s, columns.next[k]);
  }
  if (!asked) return;
  read.put(columns.output);
  lookup.put(columns.answer);
}

// The sums over lanes of a tile's vectors: that of number first + i d in lane i, for those that are d apart.
template <class T, int d = 1>
inline Vector<T> sums(const Vector<T>* tile) {
  if constexpr (d == kWidth<T>) {
    return *tile;
  } else {
    Vector<T> even = sums<T, 2 * d>(tile), odd = sums<T, 2 * d>(tile + d);
    exchange<T, d>(even, odd, std::make_index_sequence<kWidth<T>>());
    return even + odd;
  }
}

// Where cotangents of keys go: written by the first strip of values, added to by the others.
template <class T>
struct Cotangents {
  T *query, *key, *decay, *lookup, *erase;
  bool add;

  // The sums over the lanes of a tile, each for one unit of the key.
  [[gnu::noinline]] void put(T* to, int first, int count, const Vector<T>* tile) const {
    const Vector<T> sum = sums<T>(tile);
    if (count == kWidth<T>) {
      Vector<T>* place = (Vector<T>*)(to + first);
      *place = add ? *place + sum : sum;
      return;
    }
    for (int k = 0; k < count; ++k) to[first + k] = add ? to[first + k] + sum[k] : sum[k];
  }
  void put_sum(T* to, Vector<T> sum) const {
    T total = 0;
    for (int lane = 0; lane < kWidth<T>; ++lane) total += sum[lane];
    *to = add ? *to + total : total;
  }
};

template <class T>
struct BackColumns {
  const T *value, *found, *d_output;  // of the write before the state: v, p, and G
  const T* query;
  T *d_found, *d_value;  // dp of the write after the state, then of the one before it; dv of that
};

// D is the cotangent of the state S, after a pass that of the state after the write before it, where it includes G qᵀ.
template <Rule rule, Decay decay, class T, int n>
void back_pass(const T* state, T* cotangent, int keys, const WriteRows<T>& after, const WriteRows<T>& before,
               const BackColumns<T>& columns, const Cotangents<T>& to) {
  using Part = Values<T, n>;
  constexpr bool erases = rule != Rule::add;
  Vector<T> d_query[kWidth<T>], d_key[kWidth<T>], d_decay[kWidth<T>], d_lookup[kWidth<T>], d_erase[kWidth<T>];
  Part value = Part::at(columns.value), d_value{}, d_found{}, d_gate{};
  const Part found = Part::at(columns.found), g = Part::at(columns.d_output), dp = Part::at(columns.d_found);
  if (rule == Rule::delta) value.subtract(found);
  const T a = decay == Decay::one ? *after.decay : T(1);
  const T *q = columns.query, *w = before.key, *e = before.erase, *r = after.lookup, *gates = after.decay;
  for (int first = 0; first < keys; first += kWidth<T>) {
    const int count = std::min(kWidth<T>, keys - first);
    for (int i = 0; i < count; ++i, state += n * kWidth<T>, cotangent += n * kWidth<T>) {
      const int k = first + i;
      const Part s = Part::at(state);
      Part d = Part::at(cotangent);
      if (decay == Decay::one) {
        for (int p = 0; p < n; ++p) d_gate.part[p] += s.part[p] * d.part[p];
        d.scale(a);
      }
      if (decay == Decay::each) {
        d_decay[i] = s.times(d);
        d.scale(gates[k]);
      }
      if (erases) {
        d_lookup[i] = s.times(dp);
        d.add(dp, r[k]);
      }
      d_query[i] = s.times(g);
      d.add(g, q[k]);
      d.put(cotangent);
      d_key[i] = d.times(value);
      d_value.add(d, w[k]);
      if (rule == Rule::general) {
        d_erase[i] = -d.times(found);
        d_found.add(d, -e[k]);
      }
    }
    to.put(to.query, first, count, d_query);
    to.put(to.key, first, count, d_key);
    if (erases) to.put(to.lookup, first, count, d_lookup);
    if (decay == Decay::each) to.put(to.decay, first, count, d_decay);
    if (rule == Rule::general) to.put(to.erase, first, count, d_erase);
  }
  if (decay == Decay::one) {
    for (int p = 1; p < n; ++p) d_gate.part[0] += d_gate.part[p];
    to.put_sum(to.decay, d_gate.part[0]);
  }
  if (rule == Rule::delta) d_found.subtract(d_value);
  d_found.put(columns.d_found);
  d_value.put(columns.d_value);
}

// The passes of one rule, for strips of so many vectors.
template <class T>
struct Passes {
  using Write = void(const T*, T*, int, const WriteRows<T>&, const WriteColumns<T>&);
  Write *write, *rewrite;  // what is read is asked for in the first
  void (*back)(const T*, T*, int, const WriteRows<T>&, const WriteRows<T>&, const BackColumns<T>&,
               const Cotangents<T>&);
};

constexpr int kMostVectors = kVectorBytes == 64 ? 4 : 2;  // of 32 registers, or 16

template <class T, Rule rule, Decay decay, int n = kMostVectors>
Passes<T> passes_of(int vectors) {
  if constexpr (n > 1)
    if (vectors < n) return passes_of<T, rule, decay, n / 2>(vectors);
  return {write_pass<rule, decay, true, T, n>, write_pass<rule, decay, false, T, n>, back_pass<rule, decay, T, n>};
}

template <class T, Rule rule>
Passes<T> passes_of(Decay decay, int vectors) {
  if (decay == Decay::none) return passes_of<T, rule, Decay::none>(vectors);
  return decay == Decay::one ? passes_of<T, rule, Decay::one>(vectors) : passes_of<T, rule, Decay::each>(vectors);
}

template <class T>
Passes<T> passes_of(Rule rule, Decay decay, int vectors) {
  if (rule == Rule::add) return passes_of<T, Rule::add>(decay, vectors);
  return rule == Rule::delta ? passes_of<T, Rule::delta>(decay, vectors) : passes_of<T, Rule::general>(decay, vectors);
}

}  // namespace fastweights
