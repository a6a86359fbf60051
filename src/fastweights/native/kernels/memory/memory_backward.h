// Outer-product memories, backward. With P the state before a write, G the cotangent of y, p = P r, and D that of S:
//
//   D += G qᵀ,  dq = Sᵀ G,  dv = D w,  dw = Dᵀ v,  dp = −D e,  de = −Dᵀ p,  dr = Pᵀ dp,  da = Σ P ⊙ D by columns,
//   then D ← D Diag(a) + dp rᵀ is that of P.   Under the delta rule e = w, so that dp = −dv and dw = Dᵀ (v − p).
//
// One pass for each state does all that needs it: dr, da and the last line for the write after it, whose P it is, then
// the others for the write before it. States are computed anew from those that forward kept; the recurrence never runs
// backwards, where it can be singular. Where products of matrices for a chunk take less time, they are taken instead.
#pragma once

#include <tuple>

#include "memory_chunks.h"

namespace fastweights {

constexpr int kRecomputed = 16;  // states that stand side by side, in the second-level cache

template <class T>
class BackwardStrip {
 public:
  BackwardStrip(const Strip& at, const MemoryArrays<const T>& given, const T* found)
      : at_(at),
        m_(at.m),
        given_(given),
        found_(found),
        width_(at.vectors * kWidth<T>),
        end_(at.end()),
        size_(int64_t(m_.keys) * width_),
        passes_(passes_of<T>(m_.rule, m_.decay, at.vectors)),
        scratch_{parts() * size_, kRecomputed * size_, size_, size_, width_, width_, width_, width_, width_,
                 m_.keys, m_.keys, m_.keys},
        starts_(scratch_.take(parts() * size_)),
        states_(scratch_.take(kRecomputed * size_)),
        zero_(scratch_.take(size_)),
        cotangent_(scratch_.take(size_)),
        value_(at, scratch_),
        p_(at, scratch_),
        d_output_(at, scratch_),
        d_value_(at, scratch_),
        dp_(at, scratch_),
        neutral_(m_.keys, scratch_) {
    for (T* state : {starts_, zero_, cotangent_}) std::fill_n(state, size_, T(0));
  }

  void run(const T* d_out, const T* d_last, const T* kept, const MemoryArrays<T>& to) {
    if (d_last) transpose(at_.of_state(d_last), at_.values, m_.keys, m_.keys, cotangent_, width_);
    for (int64_t part = (end_ + m_.kept - 1) / m_.kept - 1; part >= 0; --part) {
      const int64_t first = part * m_.kept, stop = std::min<int64_t>(end_, first + m_.kept);
      if (part)
        copy_rows(at_.of_kept(kept, part), m_.values, m_.keys, at_.values, starts_, width_);
      else
        first_state();
      const auto start = [&](int64_t i) { return starts_ + (i - first) / kRecomputed * size_; };
      int64_t i = first;
      for (; i + kRecomputed < stop; i += kRecomputed)
        recompute(start(i), i, i + kRecomputed, start(i + kRecomputed), 0);
      for (int64_t next = stop; i >= first; next = i, i -= kRecomputed) {
        recompute(start(i), i, next, states_, size_);
        for (int64_t after = next; after > i; --after) step(states_ + (after - 1 - i) * size_, after, d_out, to);
      }
    }
    if (end_) step(starts_, 0, d_out, to);
    if (to.state) transpose(cotangent_, m_.keys, at_.values, width_, at_.of_state(to.state), m_.keys);
    at_.clear_rest(to);
  }

 private:
  int64_t parts() const { return (m_.kept + kRecomputed - 1) / kRecomputed; }

  void first_state() const {
    if (given_.state)
      transpose(at_.of_state(given_.state), at_.values, m_.keys, m_.keys, starts_, width_);
    else
      std::fill_n(starts_, size_, T(0));
  }

  // v and p of a write.
  std::pair<const T*, const T*> values(int64_t write) const {
    return {value_.read(at_.of_write(given_.value, write, m_.values) + at_.first),
            found_ ? p_.read(at_.of_write(found_, write, m_.values) + at_.first) : p_.data()};
  }

  // The states after each write from `first` to `stop`, so many numbers apart.
  void recompute(const T* from, int64_t first, int64_t stop, T* to, int64_t stride) const {
    WriteColumns<T> columns{};
    for (int64_t i = first; i < stop; ++i, from = to, to += stride) {
      std::tie(columns.value, columns.found) = values(i);
      passes_.rewrite(at_.starts(i) ? zero_ : from, to, m_.keys, at_.rows(given_, i), columns);
    }
  }

  // The pass over the state between the write `next` and the one before it.
  void step(const T* state, int64_t next, const T* d_out, const MemoryArrays<T>& to) const {
    WriteRows<T> after = neutral_.rows(), before = after;
    Cotangents<T> lines{neutral_.lost, neutral_.lost, neutral_.lost, neutral_.lost, neutral_.lost, at_.first > 0};
    if (next < end_) {
      T *d_lookup = at_.of_write(to.lookup, next, m_.keys), *d_decay = at_.of_write(to.decay, next, m_.gates());
      if (at_.starts(next)) {
        // Nothing goes further back.
        std::fill_n(cotangent_, size_, T(0));
        dp_.clear();
        if (d_lookup) std::fill_n(d_lookup, m_.keys, T(0));
        if (d_decay) std::fill_n(d_decay, m_.gates(), T(0));
      } else {
        after = at_.rows(given_, next);
        lines.lookup = d_lookup, lines.decay = d_decay;
      }
    }
    const int64_t write = next - 1;
    at_.fetch(to, write - kAhead);
    at_.fetch(given_, write - kAhead);
    at_.fetch(d_out, write - kAhead);
    BackColumns<T> columns{zero_, zero_, zero_, neutral_.zeros, dp_.data(), d_value_.data()};
    T* d_value = write >= 0 ? at_.of_write(to.value, write, m_.values) + at_.first : nullptr;
    if (write >= 0) {
      std::tie(columns.value, columns.found) = values(write);
      columns.d_value = d_value_.place(d_value);
      before = at_.rows(given_, write);
      lines.key = at_.of_write(to.key, write, m_.keys), lines.erase = at_.of_write(to.erase, write, m_.keys);
      if (at_.reads(write)) {
        const int64_t t = write / m_.writes;
        columns.query = at_.of_step(given_.query, t, m_.keys);
        lines.query = at_.of_step(to.query, t, m_.keys);
        columns.d_output = d_output_.read(at_.of_step(d_out, t, m_.values) + at_.first);
      }
    }
    passes_.back(state, cotangent_, m_.keys, after, before, columns, lines);
    if (d_value) d_value_.wrote(d_value);
  }

  const Strip& at_;
  const Memories& m_;
  const MemoryArrays<const T>& given_;
  const T* found_;
  const int width_;
  const int64_t end_, size_;
  const Passes<T> passes_;
  Scratch<T> scratch_;
  T *starts_, *states_, *zero_, *cotangent_;
  const Column<T> value_, p_, d_output_, d_value_, dp_;
  const Neutral<T> neutral_;
};

// From the cotangents of the outputs and of the last states to those of all that forward was given.
template <class T>
void write_backward(const Memories& m, const MemoryArrays<const T>& given, const T* found, const T* kept,
                    const T* d_out, const T* d_last, const MemoryArrays<T>& to) {
  each_head(m, [&](const Strip& whole) {
    const auto run = [&](auto strip) { strip.run(d_out, d_last, kept, to); };
    if (chunks_pay(whole))
      each_chunked_strip(whole, [&](const Strip& at) { run(ChunkedStrip<T>(at, given, found)); });
    else
      each_strip<T>(whole, [&](const Strip& at) { run(BackwardStrip<T>(at, given, found)); });
  });
}

}  // namespace fastweights
