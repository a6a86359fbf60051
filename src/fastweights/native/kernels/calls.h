// How arrays become what the kernels of sequences take.
#pragma once

#include "arrays.h"
#include "sequences.h"

namespace fastweights {

// What every kernel takes besides a table or the cotangents of outputs and last state. The last three are empty
// where there is no state, no sequence that is shorter, no reset.
struct Given {
  Array tokens, state, lengths, resets;
};

inline Sequences sequences(const Array& table, const Given& given, const Array& recurrent, const Array& out,
                           const Array& last) {
  return {given.tokens.as<int32_t>(),
          given.lengths.or_null<int32_t>(),
          given.resets.or_null<uint8_t>(),
          table.size(0),
          table.size(1),
          recurrent.size(1),
          given.tokens.size(1),
          given.tokens.size(0),
          out.size(1),
          given.state.size(1),
          last.size(1)};
}

constexpr const char* kWrongTape = "wrong size of tape";

// Whether there are tapes of this size: one for each block of lanes, or one for all.
inline bool fits(const Array& tapes, int64_t size) { return tapes.shape[1] == size; }

// Whether each block of lanes has a tape of its own.
template <class T>
bool keeps_tapes(const Sequences& all, const Array& tapes) {
  return all.blocks<T>() == tapes.size(0);
}

}  // namespace fastweights
