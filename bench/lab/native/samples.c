// A list of measured times, and its percentiles.
#include "samples.h"

#include <stdlib.h>

#define UNIT_NS 100
#define FIRST_CAPACITY 65536

void samples_add(struct samples *samples, uint64_t nanoseconds) {
  if (samples->count == samples->capacity) {
    samples->capacity = samples->capacity ? samples->capacity * 2 : FIRST_CAPACITY;
    samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
    if (!samples->values) abort();
  }
  uint64_t units = nanoseconds / UNIT_NS;
  samples->values[samples->count++] = units > UINT32_MAX ? UINT32_MAX : (uint32_t)units;
}

static int by_size(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return a < b ? -1 : a > b;
}

void samples_sort(struct samples *samples) {
  if (samples->count) qsort(samples->values, samples->count, sizeof *samples->values, by_size);
}

double samples_at(const struct samples *samples, double share) {
  if (!samples->count) return 0;
  size_t at = (size_t)(share * (double)samples->count);
  if (at >= samples->count) at = samples->count - 1;
  return samples->values[at] * (UNIT_NS / 1000.0);
}
