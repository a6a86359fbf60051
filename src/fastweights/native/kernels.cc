// The functions of attending.h as XLA custom calls.
#include "attending.h"

#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;
using ffi::AnyBuffer;
using ffi::DataType;
using Sets = ffi::Span<const int64_t>;

static fastweights::Recurrence recurrence(AnyBuffer& table_like, AnyBuffer& tokens, int64_t preliminary,
                                          const Sets& inside, const Sets& outside, bool sustained) {
  auto shape = table_like.dimensions();
  return {int(shape[0]), int(shape[1]), int(tokens.dimensions()[0]), int(tokens.dimensions()[1]),
          int(inside.size()), int(preliminary), inside.begin(), outside.begin(), sustained};
}

template <class T>
static T* data(AnyBuffer buffer) {
  return static_cast<T*>(buffer.untyped_data());
}

static ffi::Error forward(AnyBuffer table, AnyBuffer tokens, AnyBuffer recurrent, AnyBuffer gains,
                          AnyBuffer biases, AnyBuffer weights, ffi::Result<AnyBuffer> out,
                          ffi::Result<AnyBuffer> tape, int64_t preliminary, Sets inside, Sets outside,
                          bool sustained) {
  auto r = recurrence(table, tokens, preliminary, inside, outside, sustained);
  auto run = [&](auto zero) {
    using T = decltype(zero);
    const int blocks = (r.batch + fastweights::kLanes<T> - 1) / fastweights::kLanes<T>;
    const bool keep = blocks > 1 && tape->dimensions()[0] == blocks;
    if (tape->dimensions()[1] != fastweights::Tape<T>::size(r))
      return ffi::Error::InvalidArgument("the tape has another size than the kernel's");
    fastweights::attend_forward<T>(r, data<T>(table), data<int32_t>(tokens), data<T>(recurrent), data<T>(gains),
                                   data<T>(biases), data<T>(weights), int(out->dimensions()[0]), keep,
                                   data<T>(*out), data<T>(*tape));
    return ffi::Error::Success();
  };
  return table.element_type() == DataType::F32 ? run(0.0f) : run(0.0);
}

static ffi::Error backward(AnyBuffer d_out, AnyBuffer tokens, AnyBuffer recurrent, AnyBuffer gains,
                           AnyBuffer weights, AnyBuffer tape, ffi::Result<AnyBuffer> d_table,
                           ffi::Result<AnyBuffer> d_recurrent, ffi::Result<AnyBuffer> d_gains,
                           ffi::Result<AnyBuffer> d_biases, ffi::Result<AnyBuffer> d_weights, int64_t preliminary,
                           Sets inside, Sets outside, bool sustained) {
  auto r = recurrence(*d_table, tokens, preliminary, inside, outside, sustained);
  auto run = [&](auto zero) {
    using T = decltype(zero);
    fastweights::attend_backward<T>(r, data<T>(d_out), data<int32_t>(tokens), data<T>(recurrent), data<T>(gains),
                                    int(gains.dimensions()[0]), data<T>(weights), int(d_out.dimensions()[0]),
                                    data<T>(tape), data<T>(*d_table), data<T>(*d_recurrent), data<T>(*d_gains),
                                    data<T>(*d_biases), data<T>(*d_weights));
    return ffi::Error::Success();
  };
  return d_out.element_type() == DataType::F32 ? run(0.0f) : run(0.0);
}

XLA_FFI_DEFINE_HANDLER_SYMBOL(AttendForward, forward,
                              ffi::Ffi::Bind()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Ret<AnyBuffer>()
                                  .Ret<AnyBuffer>()
                                  .Attr<int64_t>("preliminary")
                                  .Attr<Sets>("inside")
                                  .Attr<Sets>("outside")
                                  .Attr<bool>("sustained"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(AttendBackward, backward,
                              ffi::Ffi::Bind()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Arg<AnyBuffer>()
                                  .Ret<AnyBuffer>()
                                  .Ret<AnyBuffer>()
                                  .Ret<AnyBuffer>()
                                  .Ret<AnyBuffer>()
                                  .Ret<AnyBuffer>()
                                  .Attr<int64_t>("preliminary")
                                  .Attr<Sets>("inside")
                                  .Attr<Sets>("outside")
                                  .Attr<bool>("sustained"));
