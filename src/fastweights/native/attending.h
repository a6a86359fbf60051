// A recurrence that attends to its own past (cells/attending.py), forward and backward, for one block of
// sequences at a time: all that a block needs stays in the nearest caches.
//
//   u(t) = W h(t−1) + table[token(t)]
//   h_0 = relu(LN?[u]),   r_s = LN?[u or h_s] + Σ_{τ<t} w(t, τ) h(τ) [h(τ)ᵀ h_s],   h_{s+1} = relu(LN?[r_s])
//
// Forward keeps h, h_s, each normalised sum and the matches h(τ)ᵀ h_s on a tape. Backward needs one more kind
// of match, that of h(τ) with the cotangent of r_s, which serves twice: for the cotangent of h_s now and
// for that of h(τ) when its turn comes. So a pair (t, τ) costs 2 R multiply-adds forward and 4 R backward.
#pragma once

#include <algorithm>
#include <vector>

#include "products.h"

namespace fastweights {

constexpr double kEpsilon = 1e-5;  // of layer normalisation, as in cells/layers.py

// What does not change from block to block.
struct Recurrence {
  int symbols, units, length, batch, steps;
  int preliminary;         // the gain and bias of h_0's normalisation, or −1
  const int64_t* inside;   // those of LN[r_s] for each s, or −1
  const int64_t* outside;  // those of LN[u or h_s] for each s, or −1
  bool sustained;          // u enters r_s (method 1), or h_s (method 2)

  // Tokens come from outside: none may lead out of the table.
  int64_t row(int32_t token) const { return std::clamp(token, 0, symbols - 1); }

  int norms() const {
    int count = preliminary >= 0;
    for (int s = 0; s < steps; ++s) count += (inside[s] >= 0) + (outside[s] >= 0);
    return count;
  }
};

// What a block leaves for its backward pass; the layout of its part of the tape.
template <class T>
struct Tape {
  T *hidden, *queries, *normalised, *scales, *matches;

  Tape(const Recurrence& r, T* start) {
    int64_t column = int64_t(r.length) * r.units * kLanes<T>;
    hidden = start;                                                  // [t][unit][lane]
    queries = hidden + column;                                       // [s][t][unit][lane]
    normalised = queries + r.steps * column;                         // [n][t][unit][lane]
    scales = normalised + r.norms() * column;                        // [n][t][lane]
    matches = scales + int64_t(r.norms()) * r.length * kLanes<T>;    // [s][t][τ][lane]
  }
  static int64_t size(const Recurrence& r) {
    Tape tape(r, nullptr);
    return tape.matches - static_cast<T*>(nullptr) + int64_t(r.steps) * r.length * r.length * kLanes<T>;
  }
};

// The part of a tape that belongs to one time step, normalisations counted as they come.
template <class T>
struct Moment {
  const Recurrence& r;
  const Tape<T>& tape;
  int t;

  int64_t line() const { return int64_t(r.units) * kLanes<T>; }
  T* hidden(int time) const { return tape.hidden + time * line(); }
  T* query(int s) const { return tape.queries + (int64_t(s) * r.length + t) * line(); }
  T* normalised(int n) const { return tape.normalised + (int64_t(n) * r.length + t) * line(); }
  T* scale(int n) const { return tape.scales + (int64_t(n) * r.length + t) * kLanes<T>; }
  T* match(int s, int tau) const {
    return tape.matches + ((int64_t(s) * r.length + t) * r.length + tau) * kLanes<T>;
  }
};

// scores[i] = Σ_unit stored[i][unit] query[unit], for `count` columns that lie `stride` apart.
template <class T, int count>
inline void match_some(const T* stored, int64_t stride, const T* query, int units, T* scores) {
  Line<T> sum[count];
  for (int i = 0; i < count; ++i) sum[i] = Line<T>::all(0);
  for (int unit = 0; unit < units; ++unit) {
    Line<T> line = Line<T>::load(query + unit * kLanes<T>);
    for (int i = 0; i < count; ++i)
      sum[i] = sum[i] + line * Line<T>::load(stored + i * stride + unit * kLanes<T>);
  }
  for (int i = 0; i < count; ++i) sum[i].store(scores + i * kLanes<T>);
}

template <class T>
void match_all(const T* stored, int64_t stride, int count, const T* query, int units, T* scores) {
  int i = 0;
  for (; i + 4 <= count; i += 4)
    match_some<T, 4>(stored + i * stride, stride, query, units, scores + i * kLanes<T>);
  for (; i + 2 <= count; i += 2)
    match_some<T, 2>(stored + i * stride, stride, query, units, scores + i * kLanes<T>);
  if (i < count) match_some<T, 1>(stored + i * stride, stride, query, units, scores + i * kLanes<T>);
}

// total[unit] += Σ_i factors[i] stored[i][unit]
template <class T, int count>
inline void add_some(const T* stored, int64_t stride, const T* factors, int units, T* total) {
  Line<T> factor[count];
  for (int i = 0; i < count; ++i) factor[i] = Line<T>::load(factors + i * kLanes<T>);
  for (int unit = 0; unit < units; ++unit) {
    Line<T> sum = Line<T>::load(total + unit * kLanes<T>);
    for (int i = 0; i < count; ++i)
      sum = sum + factor[i] * Line<T>::load(stored + i * stride + unit * kLanes<T>);
    sum.store(total + unit * kLanes<T>);
  }
}

template <class T>
void add_all(const T* stored, int64_t stride, int count, const T* factors, int units, T* total) {
  int i = 0;
  for (; i + 4 <= count; i += 4)
    add_some<T, 4>(stored + i * stride, stride, factors + i * kLanes<T>, units, total);
  for (; i + 2 <= count; i += 2)
    add_some<T, 2>(stored + i * stride, stride, factors + i * kLanes<T>, units, total);
  if (i < count) add_some<T, 1>(stored + i * stride, stride, factors + i * kLanes<T>, units, total);
}

// to[i] = weights[i * stride] scores[i]
template <class T>
void weigh(const T* weights, int stride, int count, const T* scores, T* to) {
  for (int i = 0; i < count; ++i)
    (Line<T>::load(scores + i * kLanes<T>) * weights[int64_t(i) * stride]).store(to + i * kLanes<T>);
}

// normalised = (x − μ) scale and scale = 1 / √(σ² + ε), with μ and σ² over the units of each lane.
template <class T>
void normalise(const T* x, int units, T* normalised, T* scale) {
  Line<T> mean = Line<T>::all(0), variance = Line<T>::all(0);
  for (int i = 0; i < units; ++i) mean = mean + Line<T>::load(x + i * kLanes<T>);
  mean = mean * (T(1) / units);
  for (int i = 0; i < units; ++i) {
    Line<T> centred = Line<T>::load(x + i * kLanes<T>) - mean;
    variance = variance + centred * centred;
  }
  variance = variance * (T(1) / units) + T(kEpsilon);
  variance.store(scale);
  for (int lane = 0; lane < kLanes<T>; ++lane) scale[lane] = 1 / std::sqrt(scale[lane]);
  Line<T> by = Line<T>::load(scale);
  for (int i = 0; i < units; ++i)
    ((Line<T>::load(x + i * kLanes<T>) - mean) * by).store(normalised + i * kLanes<T>);
}

// From the cotangent of gain · normalised + bias to that of x, in place; adds up those of gain and bias.
template <class T>
void normalise_backward(const T* normalised, const T* scale, const T* gain, int units, T* cotangent, T* d_gain,
                        T* d_bias) {
  Line<T> mean = Line<T>::all(0), along = Line<T>::all(0);
  for (int i = 0; i < units; ++i) {
    Line<T> d = Line<T>::load(cotangent + i * kLanes<T>), x = Line<T>::load(normalised + i * kLanes<T>);
    (Line<T>::load(d_gain + i * kLanes<T>) + d * x).store(d_gain + i * kLanes<T>);
    (Line<T>::load(d_bias + i * kLanes<T>) + d).store(d_bias + i * kLanes<T>);
    d = d * gain[i];
    mean = mean + d;
    along = along + d * x;
  }
  mean = mean * (T(1) / units);
  along = along * (T(1) / units);
  Line<T> by = Line<T>::load(scale);
  for (int i = 0; i < units; ++i) {
    Line<T> d = Line<T>::load(cotangent + i * kLanes<T>) * gain[i];
    Line<T> x = Line<T>::load(normalised + i * kLanes<T>);
    ((d - mean - x * along) * by).store(cotangent + i * kLanes<T>);
  }
}

// to = gain · normalised + bias
template <class T>
void scale_and_shift(const T* normalised, const T* gain, const T* bias, int units, T* to) {
  for (int i = 0; i < units; ++i)
    (Line<T>::load(normalised + i * kLanes<T>) * gain[i] + bias[i]).store(to + i * kLanes<T>);
}

template <class T>
void relu_into(const T* x, int units, T* to) {
  for (int i = 0; i < units; ++i) relu(Line<T>::load(x + i * kLanes<T>)).store(to + i * kLanes<T>);
}

template <class T>
void mask_by(const T* positive, int units, T* cotangent) {
  for (int i = 0; i < units; ++i)
    where_positive(Line<T>::load(positive + i * kLanes<T>), Line<T>::load(cotangent + i * kLanes<T>))
        .store(cotangent + i * kLanes<T>);
}

template <class T>
void add_into(const T* x, int units, T* to) {
  for (int i = 0; i < units; ++i)
    (Line<T>::load(to + i * kLanes<T>) + Line<T>::load(x + i * kLanes<T>)).store(to + i * kLanes<T>);
}

// Aligned memory that one thread keeps from call to call.
template <class T>
T* scratch(int64_t count) {
  thread_local std::vector<T> memory;
  int64_t line = kLanes<T>;
  if (int64_t(memory.size()) < count + line) memory.assign(count + line, 0);
  auto address = reinterpret_cast<uintptr_t>(memory.data());
  return memory.data() + ((kBlockBytes - address % kBlockBytes) % kBlockBytes) / sizeof(T);
}

// `out` holds the last `outputs` hidden states as (outputs, units, batch). `tapes` is one tape a block, or
// one for all where `keep` is false.
template <class T>
void attend_forward(const Recurrence& r, const T* table, const int32_t* tokens, const T* recurrent,
                    const T* gains, const T* biases, const T* weights, int outputs, bool keep, T* out, T* tapes) {
  const int units = r.units, lanes = kLanes<T>;
  const int64_t line = int64_t(units) * lanes;
  T* packed = scratch<T>(units * units + 2 * line + r.length * lanes);
  T* sum = packed + (units * units + lanes - 1) / lanes * lanes;
  T* total = sum + line;
  T* factors = total + line;
  pack(recurrent, units, units, units, 1, packed);

  for (int block = 0, first = 0; first < r.batch; ++block, first += lanes) {
    const int filled = std::min(lanes, r.batch - first);
    Tape<T> tape(r, tapes + (keep ? block * Tape<T>::size(r) : 0));
    for (int t = 0; t < r.length; ++t) {
      Moment<T> now{r, tape, t};
      const T* source[kLanes<T>];
      for (int lane = 0; lane < lanes; ++lane) {
        // Lanes beyond the batch repeat its last sequence.
        source[lane] = table + r.row(tokens[t * r.batch + first + std::min(lane, filled - 1)]) * units;
      }
      gather(source, units, sum);
      if (t > 0) multiply_add(packed, units, units, now.hidden(t - 1), sum);

      int n = 0;
      // h_s goes to the tape; the last one is h(t).
      auto place = [&](int s) { return s == r.steps ? now.hidden(t) : now.query(s); };
      auto norm = [&](const T* x, int chosen, T* to) {
        normalise(x, units, now.normalised(n), now.scale(n));
        scale_and_shift(now.normalised(n++), gains + chosen * units, biases + chosen * units, units, to);
      };
      const T* activated = sum;
      if (r.preliminary >= 0) norm(sum, r.preliminary, total), activated = total;
      relu_into(activated, units, place(0));
      for (int s = 0; s < r.steps; ++s) {
        const T* base = r.sustained ? sum : place(s);
        if (r.outside[s] >= 0)
          norm(base, r.outside[s], total);
        else
          std::copy(base, base + line, total);
        match_all(tape.hidden, line, t, place(s), units, now.match(s, 0));
        weigh(weights + t * r.length, 1, t, now.match(s, 0), factors);
        add_all(tape.hidden, line, t, factors, units, total);
        if (r.inside[s] >= 0) norm(total, r.inside[s], total);
        relu_into(total, units, place(s + 1));
      }
      if (int step = t - (r.length - outputs); step >= 0)
        for (int i = 0; i < units; ++i)
          std::copy_n(now.hidden(t) + i * lanes, filled, out + (int64_t(step) * units + i) * r.batch + first);
    }
  }
}

// The sums over lanes and blocks of what forward was given; all outputs are set to 0 first.
template <class T>
void attend_backward(const Recurrence& r, const T* d_out, const int32_t* tokens, const T* recurrent,
                     const T* gains, int sets, const T* weights, int outputs, const T* tapes, T* d_table,
                     T* d_recurrent, T* d_gains, T* d_biases, T* d_weights) {
  const int units = r.units, lanes = kLanes<T>, length = r.length, wide = padded<T>(units);
  const int64_t line = int64_t(units) * lanes, pairs = int64_t(length) * length * lanes;
  const int64_t square = int64_t(units) * wide;
  int64_t sizes[] = {square, square, line, line, r.steps * length * line, r.steps * pairs, length * lanes,
                     int64_t(lanes) * length * wide, int64_t(lanes) * length * wide, sets * line, sets * line};
  int64_t whole = 0;
  for (int64_t& size : sizes) size = (size + lanes - 1) / lanes * lanes, whole += size;
  T* memory = scratch<T>(whole);
  std::fill(memory, memory + whole, T(0));
  T* places[11];
  for (int i = 0; i < 11; memory += sizes[i++]) places[i] = memory;
  auto [packed, d_square, d_hidden, d_sum, d_reads, d_matches, factors, d_rows, rows, d_gain, d_bias] = places;
  pack(recurrent, units, units, 1, units, packed);
  std::fill(d_table, d_table + int64_t(r.symbols) * units, T(0));
  std::fill(d_weights, d_weights + length * length, T(0));

  for (int block = 0, first = 0; first < r.batch; ++block, first += lanes) {
    const int filled = std::min(lanes, r.batch - first);
    Tape<T> tape(r, const_cast<T*>(tapes) + block * Tape<T>::size(r));
    for (int t = length - 1; t >= 0; --t) {
      Moment<T> now{r, tape, t};
      std::fill(d_hidden, d_hidden + line, T(0));
      if (int step = t - (length - outputs); step >= 0)
        for (int i = 0; i < units; ++i)
          std::copy_n(d_out + (int64_t(step) * units + i) * r.batch + first, filled, d_hidden + i * lanes);
      if (t + 1 < length) multiply_add(packed, units, units, d_sum, d_hidden);
      // What every later reading owes to h(t): as the stored state it matched, and as what it gave.
      const int later = length - 1 - t;
      for (int s = 0; s < r.steps; ++s) {
        const int64_t next = int64_t(s) * length + t + 1;
        for (int kind = 0; later > 0 && kind < 2; ++kind) {
          const T* matches = kind ? d_matches : tape.matches;
          const T* source = (kind ? tape.queries : d_reads) + next * line;
          for (int i = 0; i < later; ++i)
            weigh(weights + (t + 1 + i) * length + t, 1, 1, matches + ((next + i) * length + t) * lanes,
                  factors + i * lanes);
          add_all(source, line, later, factors, units, d_hidden);
        }
      }

      int n = r.norms();
      auto unnorm = [&](int chosen, T* cotangent) {
        --n;
        normalise_backward(now.normalised(n), now.scale(n), gains + chosen * units, units, cotangent,
                           d_gain + chosen * line, d_bias + chosen * line);
      };
      std::fill(d_sum, d_sum + line, T(0));
      for (int s = r.steps - 1; s >= 0; --s) {
        T* d_read = d_reads + (int64_t(s) * length + t) * line;
        std::copy(d_hidden, d_hidden + line, d_read);
        mask_by(s + 1 == r.steps ? now.hidden(t) : now.query(s + 1), units, d_read);
        if (r.inside[s] >= 0) unnorm(r.inside[s], d_read);
        T* d_match = d_matches + (int64_t(s) * length + t) * length * lanes;
        match_all(tape.hidden, line, t, d_read, units, d_match);
        std::copy(d_read, d_read + line, d_hidden);
        if (r.outside[s] >= 0) unnorm(r.outside[s], d_hidden);
        if (r.sustained) {
          add_into(d_hidden, units, d_sum);
          std::fill(d_hidden, d_hidden + line, T(0));
        }
        weigh(weights + t * length, 1, t, d_match, factors);
        add_all(tape.hidden, line, t, factors, units, d_hidden);
      }
      mask_by(r.steps ? now.query(0) : now.hidden(t), units, d_hidden);
      if (r.preliminary >= 0) unnorm(r.preliminary, d_hidden);
      add_into(d_hidden, units, d_sum);
      scatter(d_sum, units, d_rows + int64_t(t) * lanes * wide, wide);
      if (t > 0) scatter(now.hidden(t - 1), units, rows + int64_t(t) * lanes * wide, wide);
    }

    for (int t = 0; t < length; ++t)
      for (int lane = 0; lane < filled; ++lane) {
        const T* row = d_rows + (int64_t(t) * lanes + lane) * wide;
        T* to = d_table + r.row(tokens[t * r.batch + first + lane]) * units;
        for (int i = 0; i < units; ++i) to[i] += row[i];
      }
    if (length > 1) {
      const int64_t skip = int64_t(lanes) * wide;  // h before the first step is 0
      outer_add(d_rows + skip, units, wide, rows + skip, units, wide, (length - 1) * lanes, d_square, wide);
    }
    for (int s = 0; s < r.steps; ++s)
      for (int t = 0; t < length; ++t)
        for (int tau = 0; tau < t; ++tau) {
          const int64_t place = ((int64_t(s) * length + t) * length + tau) * lanes;
          T total = 0;
          for (int lane = 0; lane < filled; ++lane) total += tape.matches[place + lane] * d_matches[place + lane];
          d_weights[t * length + tau] += total;
        }
  }

  for (int i = 0; i < units; ++i) std::copy_n(d_square + i * wide, units, d_recurrent + i * units);
  for (int i = 0; i < sets * units; ++i) {
    d_gains[i] = d_biases[i] = 0;
    for (int lane = 0; lane < lanes; ++lane) {
      d_gains[i] += d_gain[i * lanes + lane];
      d_biases[i] += d_bias[i * lanes + lane];
    }
  }
}

}  // namespace fastweights
