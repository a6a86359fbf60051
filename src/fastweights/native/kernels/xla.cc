// The kernels of kernels.cc as XLA custom calls, under their names with Xla before.
#include "arrays.h"
#include "xla/ffi/api/ffi.h"

#include <vector>

namespace {

using namespace fastweights;
namespace ffi = xla::ffi;

Array array(const ffi::AnyBuffer& buffer) {
  const auto shape = buffer.dimensions();
  return {buffer.untyped_data(), int64_t(ffi::ByteWidth(buffer.element_type())), int64_t(shape.size()), shape.begin()};
}

ffi::Error call(Kernel* kernel, ffi::RemainingArgs given, ffi::RemainingRets written,
                ffi::Span<const int64_t> numbers) {
  std::vector<Array> arrays;
  for (size_t i = 0; i < given.size(); ++i) {
    const auto buffer = given.get<ffi::AnyBuffer>(i);
    if (!buffer.has_value()) return buffer.error();
    arrays.push_back(array(buffer.value()));
  }
  for (size_t i = 0; i < written.size(); ++i) {
    auto buffer = written.get<ffi::AnyBuffer>(i);
    if (!buffer.has_value()) return buffer.error();
    arrays.push_back(array(*buffer.value()));
  }
  const char* wrong = kernel(arrays.data(), numbers.begin());
  return wrong ? ffi::Error::Internal(wrong) : ffi::Error::Success();
}

}  // namespace

#define FASTWEIGHTS_XLA(name)                                                                                     \
  extern "C" fastweights::Kernel name;                                                                            \
  static ffi::Error call_##name(ffi::RemainingArgs given, ffi::RemainingRets written,                             \
                                ffi::Span<const int64_t> numbers) {                                               \
    return call(name, given, written, numbers);                                                                   \
  }                                                                                                               \
  XLA_FFI_DEFINE_HANDLER_SYMBOL(                                                                                  \
      Xla##name, call_##name,                                                                                     \
      ffi::Ffi::Bind().RemainingArgs().RemainingRets().Attr<ffi::Span<const int64_t>>("numbers"));

FASTWEIGHTS_XLA(AttendForward)
FASTWEIGHTS_XLA(AttendBackward)
FASTWEIGHTS_XLA(AttendChunksForward)
FASTWEIGHTS_XLA(AttendChunksBackward)
FASTWEIGHTS_XLA(LstmForward)
FASTWEIGHTS_XLA(LstmBackward)
FASTWEIGHTS_XLA(AssociateForward)
FASTWEIGHTS_XLA(AssociateBackward)
FASTWEIGHTS_XLA(WriteForward)
FASTWEIGHTS_XLA(WriteBackward)
