// Outer-product memories, backward, chunk by chunk: where a write erases nothing, or what it found under its own key,
// and all of a state decays alike. Forward has kept what each write found, and some of the states.
#pragma once

#include <vector>

#include "chunk_products.h"

namespace fastweights {

// Some values of one sequence and head.
template <class T>
class ChunkedStrip {
 public:
  ChunkedStrip(const Strip& at, const MemoryArrays<const T>& given, const T* found)
      : at_(at), m_(at.m), given_(given), found_(found), now_(m_.keys, at.values, found) {
    const int64_t room = now_.room(), states = (m_.kept + kChunk - 1) / kChunk * now_.size();
    Scratch<T> scratch{room, states};
    T* memory = scratch.take(room);
    if (now_.keys != m_.keys || now_.values != at.values) std::fill_n(memory, room, T(0));
    now_.place(memory);
    states_ = scratch.take(states);
    if (now_.keys != m_.keys || now_.values != at.values) std::fill_n(states_, now_.size(), T(0));
  }

  void run(const T* d_out, const T* d_last, const T* kept, const MemoryArrays<T>& to) {
    const int64_t end = at_.end();
    now_.is_zero = !d_last;
    if (d_last) copy_rows(at_.of_state(d_last), m_.keys, at_.values, m_.keys, now_.d_state, now_.keys);
    for (int64_t part = (end + m_.kept - 1) / m_.kept - 1; part >= 0; --part) {
      if (part)
        transpose(at_.of_kept(kept, part), m_.keys, at_.values, m_.values, states_, now_.keys);
      else if (given_.state)
        copy_rows(at_.of_state(given_.state), m_.keys, at_.values, m_.keys, states_, now_.keys);
      cut(part * m_.kept, std::min<int64_t>(end, (part + 1) * m_.kept));
      for (; !chunks_.empty(); chunks_.pop_back()) {
        const Chunk& chunk = chunks_.back();
        read_writes(chunk);
        read_queries(chunk, d_out);
        now_.differentiate(chunk.state, !chunk.anew && (chunk.first > 0 || to.state), given_.decay);
        put(chunk, to);
      }
    }
    if (to.state) {
      if (now_.is_zero) std::fill_n(now_.d_state, now_.size(), T(0));
      copy_rows(now_.d_state, now_.keys, at_.values, m_.keys, at_.of_state(to.state), m_.keys);
    }
    at_.clear_rest(to);
  }

 private:
  struct Chunk {
    int64_t first;
    int count;
    bool anew;       // whether the memory starts anew before the first write
    const T* state;  // (value, key), before it; null where that is 0
  };

  // The chunks of some writes, and the states before them. A chunk ends before a write at which the memory starts
  // anew, so that nothing of what came earlier, were it infinite, is multiplied by 0.
  void cut(int64_t first, int64_t stop) {
    T* state = states_;
    for (int64_t i = first, next; i < stop; i = next) {
      const bool anew = at_.starts(i);
      if (i > first && !anew) {
        read_writes(chunks_.back());
        now_.write(chunks_.back().state, state + now_.size());
        state += now_.size();
      }
      next = at_.chunk_end(i, stop);
      chunks_.push_back({i, int(next - i), anew, anew || (i == 0 && !given_.state) ? nullptr : state});
    }
  }

  // Writes that there are not change nothing.
  void read_writes(const Chunk& chunk) {
    const int64_t i = chunk.first;
    std::fill_n(now_.decays.each, kChunk, T(1));
    for (int t = 0; given_.decay && t < chunk.count; ++t) now_.decays.each[t] = *at_.of_write(given_.decay, i + t, 1);
    now_.decays.multiply();
    read_rows(at_.of_write(given_.key, i, m_.keys), m_.keys, m_.keys, chunk.count, now_.key, now_.keys);
    read_values(at_.of_write(given_.value, i, m_.values), chunk.count, now_.u);
    const T* p = found_ ? at_.of_write(found_, i, m_.values) + at_.first : nullptr;
    for (int t = 0; p && t < chunk.count; ++t, p += m_.heads * m_.values)
      for (int v = 0; v < at_.values; ++v) now_.u[t * now_.values + v] -= p[v];
  }

  // Queries, and the cotangents of their answers; of a step with several writes, the last one has a query.
  void read_queries(const Chunk& chunk, const T* d_out) {
    const int64_t i = chunk.first;
    if (m_.writes == 1) {
      read_rows(at_.of_step(given_.query, i, m_.keys), m_.keys, m_.keys, chunk.count, now_.queries, now_.keys);
      read_values(at_.of_step(d_out, i, m_.values), chunk.count, now_.d_answers);
    } else {
      std::fill_n(now_.queries, kChunk * now_.keys, T(0));
      std::fill_n(now_.d_answers, kChunk * now_.values, T(0));
      for (int t = 0; t < chunk.count; ++t) {
        if (!at_.reads(i + t)) continue;
        const int64_t step = (i + t) / m_.writes;
        std::copy_n(at_.of_step(given_.query, step, m_.keys), m_.keys, now_.queries + t * now_.keys);
        std::copy_n(at_.of_step(d_out, step, m_.values) + at_.first, at_.values, now_.d_answers + t * now_.values);
      }
    }
    if (found_)
      read_rows(at_.of_write(given_.lookup, i, m_.keys), m_.keys, m_.keys, chunk.count,
                now_.queries + kChunk * now_.keys, now_.keys);
  }

  // So many rows of an array that has `size` numbers a head, and zeros below them.
  void read_rows(const T* from, int size, int columns, int count, T* to, int stride) const {
    copy_rows(from, int64_t(m_.heads) * size, count, columns, to, stride);
    std::fill_n(to + count * stride, (kChunk - count) * stride, T(0));
  }
  void read_values(const T* from, int count, T* to) const {
    read_rows(from + at_.first, m_.values, at_.values, count, to, now_.values);
  }

  // Of keys and decays, the first strip's cotangents are written, those of others added.
  void put(const Chunk& chunk, const MemoryArrays<T>& to) const {
    const auto put_row = [&](const T* from, int size, T* row) {
      if (at_.first == 0)
        std::copy_n(from, size, row);
      else
        for (int k = 0; k < size; ++k) row[k] += from[k];
    };
    for (int t = 0; t < chunk.count; ++t) {
      const int64_t i = chunk.first + t;
      const T* d_query = now_.d_queries + t * now_.keys;
      if (at_.reads(i)) put_row(d_query, m_.keys, at_.of_step(to.query, i / m_.writes, m_.keys));
      put_row(now_.d_key + t * now_.keys, m_.keys, at_.of_write(to.key, i, m_.keys));
      if (found_) put_row(d_query + kChunk * now_.keys, m_.keys, at_.of_write(to.lookup, i, m_.keys));
      if (given_.decay) put_row(now_.d_decay + t, 1, at_.of_write(to.decay, i, 1));
      const T *d_u = now_.d_u + t * now_.values, sign = found_ ? -1 : 1;
      T* d_value = at_.of_write(to.value, i, m_.values) + at_.first;
      for (int v = 0; v < at_.values; ++v) d_value[v] = sign * d_u[v];
    }
  }

  const Strip& at_;
  const Memories& m_;
  const MemoryArrays<const T>& given_;
  const T* found_;
  ChunkProducts<T> now_;
  T* states_;
  std::vector<Chunk> chunks_;
};

// Whether that takes less time than write by write, as measured: chunks must be large and mostly full.
inline bool chunks_pay(const Strip& whole) {
  const Memories& m = whole.m;
  if (m.rule == Rule::general || m.decay == Decay::each || m.keys < 32 || m.values < 32) return false;
  int64_t chunks = 0;
  for (int64_t i = 0; i < whole.end(); i = whole.chunk_end(i, whole.end())) ++chunks;
  return 12 * chunks <= whole.end();
}

// Calls a function with strips of equal size.
template <class Function>
void each_chunked_strip(const Strip& whole, Function function) {
  constexpr int most = 128;
  const int strips = (whole.values + most - 1) / most;
  for (int i = 0; i < strips; ++i) {
    const int first = whole.values * i / strips, stop = whole.values * (i + 1) / strips;
    function(Strip{whole.m, whole.sequence, whole.head, first, stop - first, 0});
  }
}

}  // namespace fastweights
