// The kernels as XLA custom calls, for numbers of 4 or 8 bytes.
#include "associative_lstm.h"
#include "attending.h"
#include "lstm.h"
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

Sequences sequences(In& table, In& tokens, In& recurrent, In& out) {
  auto shape = [](In& buffer, int axis) { return int(buffer.dimensions()[axis]); };
  return {data<int32_t>(tokens), shape(table, 0),  shape(table, 1), shape(recurrent, 1),
          shape(tokens, 0),      shape(tokens, 1), shape(out, 0)};
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

ffi::Error call_attend_forward(In table, In tokens, In recurrent, In gains, In biases, In weights, Out out, Out tapes,
                          int64_t activation, int64_t preliminary, Sets inside, Sets outside, bool sustained) {
  const Sequences all = sequences(table, tokens, recurrent, *out);
  const Attending cell{Activation(activation), int(inside.size()), int(preliminary), inside.begin(),
                       outside.begin(), sustained};
  return with_type(table, [&](auto zero) {
    using T = decltype(zero);
    auto keep = keeps_tapes<T>(all, *tapes, Tape<T>::size(all, cell));
    if (!keep.has_value()) return keep.error();
    attend_forward<T>(all, cell, data<T>(table), data<T>(recurrent), data<T>(gains), data<T>(biases),
                      data<T>(weights), keep.value(), data<T>(out), data<T>(tapes));
    return ffi::Error::Success();
  });
}

ffi::Error call_attend_backward(In d_out, In tokens, In recurrent, In gains, In, In weights, In tapes, Out d_table,
                           Out d_recurrent, Out d_gains, Out d_biases, Out d_weights, int64_t activation,
                           int64_t preliminary, Sets inside, Sets outside, bool sustained) {
  const Sequences all = sequences(*d_table, tokens, recurrent, d_out);
  const Attending cell{Activation(activation), int(inside.size()), int(preliminary), inside.begin(),
                       outside.begin(), sustained};
  return with_type(d_out, [&](auto zero) {
    using T = decltype(zero);
    attend_backward<T>(all, cell, data<T>(d_out), data<T>(recurrent), data<T>(gains), int(gains.dimensions()[0]),
                       data<T>(weights), data<T>(tapes), data<T>(d_table), data<T>(d_recurrent), data<T>(d_gains),
                       data<T>(d_biases), data<T>(d_weights));
    return ffi::Error::Success();
  });
}

ffi::Error call_lstm_forward(In table, In tokens, In recurrent, In gains, In biases, Out out, Out tapes) {
  const Sequences all = sequences(table, tokens, recurrent, *out);
  const bool norm = gains.element_count() > 0;
  return with_type(table, [&](auto zero) {
    using T = decltype(zero);
    auto keep = keeps_tapes<T>(all, *tapes, LstmTape<T>::size(all, norm));
    if (!keep.has_value()) return keep.error();
    lstm_forward<T>(all, norm, data<T>(table), data<T>(recurrent), data<T>(gains), data<T>(biases), keep.value(),
                    data<T>(out), data<T>(tapes));
    return ffi::Error::Success();
  });
}

ffi::Error call_lstm_backward(In d_out, In tokens, In recurrent, In gains, In, In tapes, Out d_table,
                              Out d_recurrent, Out d_gains, Out d_biases) {
  const Sequences all = sequences(*d_table, tokens, recurrent, d_out);
  const bool norm = gains.element_count() > 0;
  return with_type(d_out, [&](auto zero) {
    using T = decltype(zero);
    lstm_backward<T>(all, norm, data<T>(d_out), data<T>(recurrent), data<T>(gains), data<T>(tapes), data<T>(d_table),
                     data<T>(d_recurrent), data<T>(d_gains), data<T>(d_biases));
    return ffi::Error::Success();
  });
}

Associative associative(const Sequences& all, In& permutations) {
  const int copies = int(permutations.dimensions()[0]), half = int(permutations.dimensions()[1]);
  return {data<int32_t>(permutations), copies, half, (all.width / half - 1) / 8};
}

ffi::Error call_associate_forward(In table, In tokens, In recurrent, In permutations, Out out, Out tapes) {
  const Sequences all = sequences(table, tokens, recurrent, *out);
  const Associative cell = associative(all, permutations);
  return with_type(table, [&](auto zero) {
    using T = decltype(zero);
    auto keep = keeps_tapes<T>(all, *tapes, AssociativeTape<T>::size(all, cell));
    if (!keep.has_value()) return keep.error();
    associate_forward<T>(all, cell, data<T>(table), data<T>(recurrent), keep.value(), data<T>(out), data<T>(tapes));
    return ffi::Error::Success();
  });
}

ffi::Error call_associate_backward(In d_out, In tokens, In recurrent, In permutations, In tapes, Out d_table,
                                   Out d_recurrent) {
  const Sequences all = sequences(*d_table, tokens, recurrent, d_out);
  const Associative cell = associative(all, permutations);
  return with_type(d_out, [&](auto zero) {
    using T = decltype(zero);
    associate_backward<T>(all, cell, data<T>(d_out), data<T>(recurrent), data<T>(tapes), data<T>(d_table),
                          data<T>(d_recurrent));
    return ffi::Error::Success();
  });
}

}  // namespace

#define FOUR_ARGUMENTS .Arg<In>().Arg<In>().Arg<In>().Arg<In>()
#define TWO_RESULTS .Ret<ffi::AnyBuffer>().Ret<ffi::AnyBuffer>()
#define ATTENDING                                                                                           \
  .Attr<int64_t>("activation").Attr<int64_t>("preliminary").Attr<Sets>("inside").Attr<Sets>("outside").Attr<bool>( \
      "sustained")

XLA_FFI_DEFINE_HANDLER_SYMBOL(AttendForward, call_attend_forward,
                              ffi::Ffi::Bind() FOUR_ARGUMENTS.Arg<In>().Arg<In>() TWO_RESULTS ATTENDING);
XLA_FFI_DEFINE_HANDLER_SYMBOL(AttendBackward, call_attend_backward,
                              ffi::Ffi::Bind() FOUR_ARGUMENTS.Arg<In>().Arg<In>().Arg<In>() TWO_RESULTS TWO_RESULTS
                                  .Ret<ffi::AnyBuffer>() ATTENDING);
XLA_FFI_DEFINE_HANDLER_SYMBOL(LstmForward, call_lstm_forward,
                              ffi::Ffi::Bind() FOUR_ARGUMENTS.Arg<In>() TWO_RESULTS);
XLA_FFI_DEFINE_HANDLER_SYMBOL(LstmBackward, call_lstm_backward,
                              ffi::Ffi::Bind() FOUR_ARGUMENTS.Arg<In>().Arg<In>() TWO_RESULTS TWO_RESULTS);
XLA_FFI_DEFINE_HANDLER_SYMBOL(AssociateForward, call_associate_forward, ffi::Ffi::Bind() FOUR_ARGUMENTS TWO_RESULTS);
XLA_FFI_DEFINE_HANDLER_SYMBOL(AssociateBackward, call_associate_backward,
                              ffi::Ffi::Bind() FOUR_ARGUMENTS.Arg<In>() TWO_RESULTS);
