// The kernels as XLA custom calls, for numbers of 4 or 8 bytes.
#include "associative_lstm.h"
#include "attending.h"
#include "calls.h"
#include "lstm.h"
#include "memory_backward.h"
#include "memory_forward.h"

namespace {

template <class T>
AttendWeights<T> cell_weights(In& recurrent, In& gains, In& biases, In& weights) {
  return {data<T>(recurrent), data<T>(gains), data<T>(biases), int(gains.dimensions()[0]), data<T>(weights)};
}

ffi::Error call_attend_forward(In table, In tokens, In state, In lengths, In resets, In recurrent, In gains, In biases,
                               In weights, Out out, Out last, Out tapes, int64_t activation, int64_t preliminary,
                               Sets inside, Sets outside, bool sustained) {
  Given given{tokens, state, lengths, resets};
  const Sequences all = sequences(table, given, recurrent, *out, *last);
  const Attending cell{Activation(activation), int(inside.size()), int(preliminary), inside.begin(),
                       outside.begin(), sustained, all.length, 1};
  return with_type(table, [&](auto zero) {
    using T = decltype(zero);
    auto keep = keeps_tapes<T>(all, *tapes, Tape<T>::size(all.units, cell));
    if (!keep.has_value()) return keep.error();
    attend_forward<T>(all, cell, data<T>(table), data<T>(state), cell_weights<T>(recurrent, gains, biases, weights),
                      keep.value(), data<T>(out), data<T>(last), data<T>(tapes));
    return ffi::Error::Success();
  });
}

ffi::Error call_attend_backward(In d_out, In d_last, In tokens, In state, In lengths, In resets, In recurrent, In gains,
                                In biases, In weights, In tapes, Out d_table, Out d_state, Out d_recurrent, Out d_gains,
                                Out d_biases, Out d_weights, int64_t activation, int64_t preliminary, Sets inside,
                                Sets outside, bool sustained) {
  Given given{tokens, state, lengths, resets};
  const Sequences all = sequences(*d_table, given, recurrent, d_out, d_last);
  const Attending cell{Activation(activation), int(inside.size()), int(preliminary), inside.begin(),
                       outside.begin(), sustained, all.length, 1};
  return with_type(d_out, [&](auto zero) {
    using T = decltype(zero);
    attend_backward<T>(all, cell, data<T>(d_out), data<T>(d_last), data<T>(state),
                       cell_weights<T>(recurrent, gains, biases, weights), data<T>(tapes),
                       {data<T>(d_table), data<T>(d_state), data<T>(d_recurrent), data<T>(d_gains), data<T>(d_biases),
                        data<T>(d_weights)});
    return ffi::Error::Success();
  });
}

ffi::Error call_attend_chunks_forward(In table, In tokens, In state, In lengths, In resets, In recurrent, In gains,
                                      In biases, In weights, Out out, Out last, Out kept, int64_t activation,
                                      int64_t preliminary, Sets inside, Sets outside, bool sustained, int64_t chunk,
                                      int64_t segment) {
  Given given{tokens, state, lengths, resets};
  const Sequences all = sequences(table, given, recurrent, *out, *last);
  const Attending cell{Activation(activation), int(inside.size()), int(preliminary), inside.begin(),
                       outside.begin(), sustained, int(chunk), int(segment)};
  return with_type(table, [&](auto zero) {
    using T = decltype(zero);
    auto keep = keeps_tapes<T>(all, *kept, Cut<T>(all, cell).kept(all.length));
    if (!keep.has_value()) return keep.error();
    attend_chunks_forward<T>(all, cell, data<T>(table), data<T>(state),
                             cell_weights<T>(recurrent, gains, biases, weights), keep.value(), data<T>(out),
                             data<T>(last), data<T>(kept));
    return ffi::Error::Success();
  });
}

ffi::Error call_attend_chunks_backward(In d_out, In d_last, In table, In tokens, In state, In lengths, In resets,
                                       In recurrent, In gains, In biases, In weights, In kept, Out d_table, Out d_state,
                                       Out d_recurrent, Out d_gains, Out d_biases, Out d_weights, int64_t activation,
                                       int64_t preliminary, Sets inside, Sets outside, bool sustained, int64_t chunk,
                                       int64_t segment) {
  Given given{tokens, state, lengths, resets};
  const Sequences all = sequences(table, given, recurrent, d_out, d_last);
  const Attending cell{Activation(activation), int(inside.size()), int(preliminary), inside.begin(),
                       outside.begin(), sustained, int(chunk), int(segment)};
  return with_type(d_out, [&](auto zero) {
    using T = decltype(zero);
    attend_chunks_backward<T>(all, cell, data<T>(d_out), data<T>(d_last), data<T>(table),
                              cell_weights<T>(recurrent, gains, biases, weights), data<T>(kept),
                              {data<T>(d_table), data<T>(d_state), data<T>(d_recurrent), data<T>(d_gains),
                               data<T>(d_biases), data<T>(d_weights)});
    return ffi::Error::Success();
  });
}

ffi::Error call_lstm_forward(In table, In tokens, In state, In lengths, In resets, In recurrent, In gains, In biases,
                             Out out, Out last, Out tapes) {
  Given given{tokens, state, lengths, resets};
  const Sequences all = sequences(table, given, recurrent, *out, *last);
  const bool norm = gains.element_count() > 0;
  return with_type(table, [&](auto zero) {
    using T = decltype(zero);
    auto keep = keeps_tapes<T>(all, *tapes, LstmTape<T>::size(all, norm));
    if (!keep.has_value()) return keep.error();
    lstm_forward<T>(all, norm, data<T>(table), data<T>(state), data<T>(recurrent), data<T>(gains), data<T>(biases),
                    keep.value(), data<T>(out), data<T>(last), data<T>(tapes));
    return ffi::Error::Success();
  });
}

ffi::Error call_lstm_backward(In d_out, In d_last, In tokens, In state, In lengths, In resets, In recurrent, In gains,
                              In, In tapes, Out d_table, Out d_state, Out d_recurrent, Out d_gains, Out d_biases) {
  Given given{tokens, state, lengths, resets};
  const Sequences all = sequences(*d_table, given, recurrent, d_out, d_last);
  const bool norm = gains.element_count() > 0;
  return with_type(d_out, [&](auto zero) {
    using T = decltype(zero);
    lstm_backward<T>(all, norm, data<T>(d_out), data<T>(d_last), data<T>(state), data<T>(recurrent), data<T>(gains),
                     data<T>(tapes), data<T>(d_table), data<T>(d_state), data<T>(d_recurrent), data<T>(d_gains),
                     data<T>(d_biases));
    return ffi::Error::Success();
  });
}

Associative associative(const Sequences& all, In& permutations, double answer_weight) {
  const int copies = int(permutations.dimensions()[0]), half = int(permutations.dimensions()[1]);
  return {data<int32_t>(permutations), copies, half, (all.width / half - 1) / 8, answer_weight};
}

ffi::Error call_associate_forward(In table, In tokens, In state, In lengths, In resets, In recurrent, In permutations,
                                  Out out, Out last, Out tapes, double answer_weight) {
  Given given{tokens, state, lengths, resets};
  const Sequences all = sequences(table, given, recurrent, *out, *last);
  const Associative cell = associative(all, permutations, answer_weight);
  return with_type(table, [&](auto zero) {
    using T = decltype(zero);
    auto keep = keeps_tapes<T>(all, *tapes, AssociativeTape<T>::size(all, cell));
    if (!keep.has_value()) return keep.error();
    associate_forward<T>(all, cell, data<T>(table), data<T>(state), data<T>(recurrent), keep.value(), data<T>(out),
                         data<T>(last), data<T>(tapes));
    return ffi::Error::Success();
  });
}

ffi::Error call_associate_backward(In d_out, In d_last, In tokens, In state, In lengths, In resets, In recurrent,
                                   In permutations, In tapes, Out d_table, Out d_state, Out d_recurrent,
                                   double answer_weight) {
  Given given{tokens, state, lengths, resets};
  const Sequences all = sequences(*d_table, given, recurrent, d_out, d_last);
  const Associative cell = associative(all, permutations, answer_weight);
  return with_type(d_out, [&](auto zero) {
    using T = decltype(zero);
    associate_backward<T>(all, cell, data<T>(d_out), data<T>(d_last), data<T>(state), data<T>(recurrent),
                          data<T>(tapes), data<T>(d_table), data<T>(d_state), data<T>(d_recurrent));
    return ffi::Error::Success();
  });
}

// The numbers of memories, in the order of the arguments; null for what a rule does not have.
template <class T>
MemoryArrays<T> memory_arrays(std::array<void*, 7> all) {
  return std::apply([](auto*... numbers) { return MemoryArrays<T>{static_cast<T*>(numbers)...}; }, all);
}
void* numbers(In& buffer) { return buffer.element_count() ? buffer.untyped_data() : nullptr; }
void* numbers(Out& buffer) { return numbers(*buffer); }

Memories memories(In& query, In& value, In& decay, In& lookup, In& erase, In& lengths, In& resets, int64_t kept) {
  auto shape = [](In& buffer, int axis) { return int(buffer.dimensions()[axis]); };
  const int time = shape(query, 1), keys = shape(query, 3), gates = shape(decay, decay.dimensions().size() - 1);
  return {static_cast<const int32_t*>(numbers(lengths)),
          static_cast<const uint8_t*>(numbers(resets)),
          shape(query, 0),
          time,
          shape(query, 2),
          keys,
          shape(value, 3),
          time ? shape(value, 1) / time : 1,
          int(kept),
          shape(erase, 3) ? Rule::general : shape(lookup, 3) ? Rule::delta : Rule::add,
          gates == 0 ? Decay::none : gates == keys ? Decay::each : Decay::one};
}

ffi::Error call_write_forward(In query, In key, In value, In decay, In lookup, In erase, In state, In lengths,
                              In resets, Out out, Out last, Out kept, Out found, int64_t every) {
  const Memories all = memories(query, value, decay, lookup, erase, lengths, resets, every);
  return with_type(query, [&](auto zero) {
    using T = decltype(zero);
    const auto given = memory_arrays<const T>({numbers(query), numbers(key), numbers(value), numbers(decay),
                                               numbers(lookup), numbers(erase), numbers(state)});
    write_forward<T>(all, given, data<T>(out), data<T>(last), static_cast<T*>(numbers(kept)),
                     static_cast<T*>(numbers(found)));
    return ffi::Error::Success();
  });
}

ffi::Error call_write_backward(In d_out, In d_last, In query, In key, In value, In decay, In lookup, In erase,
                               In state, In lengths, In resets, In kept, In found, Out d_query, Out d_key,
                               Out d_value, Out d_decay, Out d_lookup, Out d_erase, Out d_state, int64_t every) {
  const Memories all = memories(query, value, decay, lookup, erase, lengths, resets, every);
  return with_type(query, [&](auto zero) {
    using T = decltype(zero);
    const auto given = memory_arrays<const T>({numbers(query), numbers(key), numbers(value), numbers(decay),
                                               numbers(lookup), numbers(erase), numbers(state)});
    const auto to = memory_arrays<T>({numbers(d_query), numbers(d_key), numbers(d_value), numbers(d_decay),
                                      numbers(d_lookup), numbers(d_erase), numbers(d_state)});
    write_backward<T>(all, given, data<T>(found), data<T>(kept), data<T>(d_out), data<T>(d_last), to);
    return ffi::Error::Success();
  });
}

}  // namespace

#define ARGUMENTS_2 .Arg<In>().Arg<In>()
#define RESULTS_2 .Ret<ffi::AnyBuffer>().Ret<ffi::AnyBuffer>()
#define RESULTS_3 RESULTS_2.Ret<ffi::AnyBuffer>()
// Table, or the cotangents of outputs and last state; tokens, state, lengths, resets.
#define FORWARD ffi::Ffi::Bind() ARGUMENTS_2 ARGUMENTS_2.Arg<In>()
#define BACKWARD FORWARD.Arg<In>()
#define ATTENDING                                                                                           \
  .Attr<int64_t>("activation").Attr<int64_t>("preliminary").Attr<Sets>("inside").Attr<Sets>("outside").Attr<bool>( \
      "sustained")
#define CHUNKS .Attr<int64_t>("chunk").Attr<int64_t>("segment")

XLA_FFI_DEFINE_HANDLER_SYMBOL(AttendForward, call_attend_forward,
                              FORWARD ARGUMENTS_2 ARGUMENTS_2 RESULTS_3 ATTENDING);
XLA_FFI_DEFINE_HANDLER_SYMBOL(AttendBackward, call_attend_backward,
                              BACKWARD ARGUMENTS_2 ARGUMENTS_2.Arg<In>() RESULTS_3 RESULTS_3 ATTENDING);
XLA_FFI_DEFINE_HANDLER_SYMBOL(AttendChunksForward, call_attend_chunks_forward,
                              FORWARD ARGUMENTS_2 ARGUMENTS_2 RESULTS_3 ATTENDING CHUNKS);
XLA_FFI_DEFINE_HANDLER_SYMBOL(AttendChunksBackward, call_attend_chunks_backward,
                              BACKWARD.Arg<In>() ARGUMENTS_2 ARGUMENTS_2.Arg<In>() RESULTS_3 RESULTS_3 ATTENDING CHUNKS);
XLA_FFI_DEFINE_HANDLER_SYMBOL(LstmForward, call_lstm_forward, FORWARD ARGUMENTS_2.Arg<In>() RESULTS_3);
XLA_FFI_DEFINE_HANDLER_SYMBOL(LstmBackward, call_lstm_backward,
                              BACKWARD ARGUMENTS_2 ARGUMENTS_2 RESULTS_3 RESULTS_2);
XLA_FFI_DEFINE_HANDLER_SYMBOL(AssociateForward, call_associate_forward,
                              FORWARD ARGUMENTS_2 RESULTS_3.Attr<double>("answer_weight"));
XLA_FFI_DEFINE_HANDLER_SYMBOL(AssociateBackward, call_associate_backward,
                              BACKWARD ARGUMENTS_2.Arg<In>() RESULTS_3.Attr<double>("answer_weight"));

// Query, key, value, decay, lookup, erase, state, lengths, resets.
#define MEMORIES ARGUMENTS_2 ARGUMENTS_2 ARGUMENTS_2 ARGUMENTS_2.Arg<In>()

XLA_FFI_DEFINE_HANDLER_SYMBOL(WriteForward, call_write_forward,
                              ffi::Ffi::Bind() MEMORIES RESULTS_2 RESULTS_2.Attr<int64_t>("every"));
XLA_FFI_DEFINE_HANDLER_SYMBOL(WriteBackward, call_write_backward,
                              ffi::Ffi::Bind() ARGUMENTS_2 MEMORIES ARGUMENTS_2 RESULTS_3 RESULTS_2 RESULTS_2
                                  .Attr<int64_t>("every"));
