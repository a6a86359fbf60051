// How XLA's buffers become what the kernels take, for numbers of 4 or 8 bytes.
#pragma once

#include "sequences.h"
#include "xla/ffi/api/ffi.h"

namespace {

using namespace fastweights;
namespace ffi = xla::ffi;
using In = ffi::AnyBuffer;
using Out = ffi::Result<ffi::AnyBuffer>;
using Sets = ffi::Span<const int64_t>;

template <class T>
T* data(In& buffer) {
  return static_cast<T*>(buffer.untyped_data());
}
template <class T>
T* data(Out& buffer) {
  return data<T>(*buffer);
}

// What every kernel takes besides a table or the cotangents of outputs and last state. The last three are empty
// where there is no state, no sequence that is shorter, no reset.
struct Given {
  In tokens, state, lengths, resets;
};

Sequences sequences(In& table, Given& given, In& recurrent, In& out, In& last) {
  auto shape = [](In& buffer, int axis) { return int(buffer.dimensions()[axis]); };
  auto or_null = [](auto* numbers, In& buffer) { return buffer.element_count() ? numbers : nullptr; };
  return {data<int32_t>(given.tokens),
          or_null(data<int32_t>(given.lengths), given.lengths),
          or_null(data<uint8_t>(given.resets), given.resets),
          shape(table, 0),
          shape(table, 1),
          shape(recurrent, 1),
          shape(given.tokens, 1),
          shape(given.tokens, 0),
          shape(out, 1),
          shape(given.state, 1),
          shape(last, 1)};
}

// Calls a function with a number of the buffer's type.
template <class Function>
ffi::Error with_type(In& buffer, Function function) {
  return buffer.element_type() == ffi::DataType::F32 ? function(0.0f) : function(0.0);
}

// Whether each block of lanes has a tape of its own; an error if they are not as long as the kernel's.
template <class T>
ffi::ErrorOr<bool> keeps_tapes(const Sequences& all, In& tapes, int64_t size) {
  if (tapes.dimensions()[1] != size) return ffi::Unexpected(ffi::Error::InvalidArgument("wrong size of tape"));
  return all.blocks<T>() == tapes.dimensions()[0];
}

}  // namespace
