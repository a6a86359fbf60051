// The kernels as C functions, for numbers of 4 or 8 bytes; xla.cc makes XLA's custom calls of them.
#include <cstring>
#include <new>
#include <tuple>

#include "associative_lstm.h"
#include "attending.h"
#include "calls.h"
#include "lstm.h"
#include "memory/memory_backward.h"
#include "memory/memory_forward.h"

namespace fastweights {
namespace {

template <class T>
AttendWeights<T> cell_weights(const Array& recurrent, const Array& gains, const Array& biases, const Array& weights) {
  return {recurrent.as<T>(), gains.as<T>(), biases.as<T>(), gains.size(0), weights.as<T>()};
}

// Activation, preliminary, sustained, chunk, segment, the number of inner steps, then what stands inside and outside
// of each: `Plan.numbers` in sizes.py.
Attending attending(const int64_t* numbers) {
  const int steps = int(numbers[5]);
  return {Activation(numbers[0]), steps,           int(numbers[1]), numbers + 6, numbers + 6 + steps,
          numbers[2] != 0,        int(numbers[3]), int(numbers[4])};
}

template <class T>
const char* attend_forward_of(const Array* arrays, const int64_t* numbers) {
  const auto [table, tokens, state, lengths, resets, recurrent, gains, biases, weights, out, last, tapes] =
      take<12>(arrays);
  const Sequences all = sequences(table, {tokens, state, lengths, resets}, recurrent, out, last);
  const Attending cell = attending(numbers);
  if (!fits(tapes, Tape<T>::size(all.units, cell))) return kWrongTape;
  attend_forward<T>(all, cell, table.as<T>(), state.as<T>(), cell_weights<T>(recurrent, gains, biases, weights),
                    keeps_tapes<T>(all, tapes), out.as<T>(), last.as<T>(), tapes.as<T>());
  return nullptr;
}

template <class T>
const char* attend_backward_of(const Array* arrays, const int64_t* numbers) {
  const auto [d_out, d_last, tokens, state, lengths, resets, recurrent, gains, biases, weights, tapes, d_table, d_state,
              d_recurrent, d_gains, d_biases, d_weights] = take<17>(arrays);
  const Sequences all = sequences(d_table, {tokens, state, lengths, resets}, recurrent, d_out, d_last);
  const Attending cell = attending(numbers);
  attend_backward<T>(all, cell, d_out.as<T>(), d_last.as<T>(), state.as<T>(),
                     cell_weights<T>(recurrent, gains, biases, weights), tapes.as<T>(),
                     {d_table.as<T>(), d_state.as<T>(), d_recurrent.as<T>(), d_gains.as<T>(), d_biases.as<T>(),
                      d_weights.as<T>()});
  return nullptr;
}

template <class T>
const char* attend_chunks_forward_of(const Array* arrays, const int64_t* numbers) {
  const auto [table, tokens, state, lengths, resets, recurrent, gains, biases, weights, out, last, kept] =
      take<12>(arrays);
  const Sequences all = sequences(table, {tokens, state, lengths, resets}, recurrent, out, last);
  const Attending cell = attending(numbers);
  if (!fits(kept, Cut<T>(all, cell).kept(all.length))) return kWrongTape;
  attend_chunks_forward<T>(all, cell, table.as<T>(), state.as<T>(), cell_weights<T>(recurrent, gains, biases, weights),
                           keeps_tapes<T>(all, kept), out.as<T>(), last.as<T>(), kept.as<T>());
  return nullptr;
}

template <class T>
const char* attend_chunks_backward_of(const Array* arrays, const int64_t* numbers) {
  const auto [d_out, d_last, table, tokens, state, lengths, resets, recurrent, gains, biases, weights, kept, d_table,
              d_state, d_recurrent, d_gains, d_biases, d_weights] = take<18>(arrays);
  const Sequences all = sequences(table, {tokens, state, lengths, resets}, recurrent, d_out, d_last);
  const Attending cell = attending(numbers);
  attend_chunks_backward<T>(all, cell, d_out.as<T>(), d_last.as<T>(), table.as<T>(),
                            cell_weights<T>(recurrent, gains, biases, weights), kept.as<T>(),
                            {d_table.as<T>(), d_state.as<T>(), d_recurrent.as<T>(), d_gains.as<T>(), d_biases.as<T>(),
                             d_weights.as<T>()});
  return nullptr;
}

template <class T>
const char* lstm_forward_of(const Array* arrays, const int64_t*) {
  const auto [table, tokens, state, lengths, resets, recurrent, gains, biases, out, last, tapes] = take<11>(arrays);
  const Sequences all = sequences(table, {tokens, state, lengths, resets}, recurrent, out, last);
  const bool norm = !gains.is_empty();
  if (!fits(tapes, LstmTape<T>::size(all, norm))) return kWrongTape;
  lstm_forward<T>(all, norm, table.as<T>(), state.as<T>(), recurrent.as<T>(), gains.as<T>(), biases.as<T>(),
                  keeps_tapes<T>(all, tapes), out.as<T>(), last.as<T>(), tapes.as<T>());
  return nullptr;
}

template <class T>
const char* lstm_backward_of(const Array* arrays, const int64_t*) {
  const auto [d_out, d_last, tokens, state, lengths, resets, recurrent, gains, biases, tapes, d_table, d_state,
              d_recurrent, d_gains, d_biases] = take<15>(arrays);
  const Sequences all = sequences(d_table, {tokens, state, lengths, resets}, recurrent, d_out, d_last);
  const bool norm = !gains.is_empty();
  lstm_backward<T>(all, norm, d_out.as<T>(), d_last.as<T>(), state.as<T>(), recurrent.as<T>(), gains.as<T>(),
                   tapes.as<T>(), d_table.as<T>(), d_state.as<T>(), d_recurrent.as<T>(), d_gains.as<T>(),
                   d_biases.as<T>());
  return nullptr;
}

// The first of the numbers has the bits of the weight of an answer.
Associative associative(const Sequences& all, const Array& permutations, const int64_t* numbers) {
  const int copies = permutations.size(0), half = permutations.size(1);
  double answer_weight;
  std::memcpy(&answer_weight, numbers, sizeof answer_weight);
  return {permutations.as<int32_t>(), copies, half, (all.width / half - 1) / 8, answer_weight};
}

template <class T>
const char* associate_forward_of(const Array* arrays, const int64_t* numbers) {
  const auto [table, tokens, state, lengths, resets, recurrent, permutations, out, last, tapes] = take<10>(arrays);
  const Sequences all = sequences(table, {tokens, state, lengths, resets}, recurrent, out, last);
  const Associative cell = associative(all, permutations, numbers);
  if (!fits(tapes, AssociativeTape<T>::size(all, cell))) return kWrongTape;
  associate_forward<T>(all, cell, table.as<T>(), state.as<T>(), recurrent.as<T>(), keeps_tapes<T>(all, tapes),
                       out.as<T>(), last.as<T>(), tapes.as<T>());
  return nullptr;
}

template <class T>
const char* associate_backward_of(const Array* arrays, const int64_t* numbers) {
  const auto [d_out, d_last, tokens, state, lengths, resets, recurrent, permutations, tapes, d_table, d_state,
              d_recurrent] = take<12>(arrays);
  const Sequences all = sequences(d_table, {tokens, state, lengths, resets}, recurrent, d_out, d_last);
  associate_backward<T>(all, associative(all, permutations, numbers), d_out.as<T>(), d_last.as<T>(), state.as<T>(),
                        recurrent.as<T>(), tapes.as<T>(), d_table.as<T>(), d_state.as<T>(), d_recurrent.as<T>());
  return nullptr;
}

// The numbers of memories, in the order of the arguments: query, key, value, decay, lookup, erase, state; null for
// what a rule does not have.
template <class T>
MemoryArrays<T> memory_arrays(const Array* arrays) {
  const auto all = take<7>(arrays);
  return std::apply([](auto... array) { return MemoryArrays<T>{array.template or_null<T>()...}; }, all);
}

// Of the same arguments, and the lengths and resets after them.
Memories memories(const Array* arrays, int64_t every) {
  const auto [query, key, value, decay, lookup, erase, state, lengths, resets] = take<9>(arrays);
  const int time = query.size(1), keys = query.size(3), gates = decay.last_size();
  return {lengths.or_null<int32_t>(),
          resets.or_null<uint8_t>(),
          query.size(0),
          time,
          query.size(2),
          keys,
          value.size(3),
          time ? value.size(1) / time : 1,
          int(every),
          erase.size(3) ? Rule::general : lookup.size(3) ? Rule::delta : Rule::add,
          gates == 0 ? Decay::none : gates == keys ? Decay::each : Decay::one};
}

template <class T>
const char* write_forward_of(const Array* arrays, const int64_t* numbers) {
  const auto [out, last, kept, found] = take<4>(arrays + 9);
  write_forward<T>(memories(arrays, numbers[0]), memory_arrays<const T>(arrays), out.as<T>(), last.as<T>(),
                   kept.or_null<T>(), found.or_null<T>());
  return nullptr;
}

template <class T>
const char* write_backward_of(const Array* arrays, const int64_t* numbers) {
  const auto [d_out, d_last] = take<2>(arrays);
  const Array* given = arrays + 2;
  const auto [kept, found] = take<2>(given + 9);
  write_backward<T>(memories(given, numbers[0]), memory_arrays<const T>(given), found.or_null<T>(),
                    kept.or_null<T>(), d_out.as<T>(), d_last.or_null<T>(), memory_arrays<T>(given + 11));
  return nullptr;
}

// The first array has numbers of the kernel's type. No exception may leave a C function.
const char* call(Kernel* single, Kernel* real, const Array* arrays, const int64_t* numbers) {
  try {
    return (arrays[0].bytes == 4 ? single : real)(arrays, numbers);
  } catch (const std::bad_alloc&) {
    return "out of memory";
  }
}

}  // namespace

#define FASTWEIGHTS_KERNEL(name, function)                                              \
  extern "C" const char* name(const Array* arrays, const int64_t* numbers) {            \
    return call(function<float>, function<double>, arrays, numbers);                    \
  }

FASTWEIGHTS_KERNEL(AttendForward, attend_forward_of)
FASTWEIGHTS_KERNEL(AttendBackward, attend_backward_of)
FASTWEIGHTS_KERNEL(AttendChunksForward, attend_chunks_forward_of)
FASTWEIGHTS_KERNEL(AttendChunksBackward, attend_chunks_backward_of)
FASTWEIGHTS_KERNEL(LstmForward, lstm_forward_of)
FASTWEIGHTS_KERNEL(LstmBackward, lstm_backward_of)
FASTWEIGHTS_KERNEL(AssociateForward, associate_forward_of)
FASTWEIGHTS_KERNEL(AssociateBackward, associate_backward_of)
FASTWEIGHTS_KERNEL(WriteForward, write_forward_of)
FASTWEIGHTS_KERNEL(WriteBackward, write_backward_of)

}  // namespace fastweights
