// A list of measured times, and its percentiles.
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

/** In tenths of a microsecond: 32 bits reach seven minutes. */
struct samples {
  uint32_t *values;
  size_t count, capacity;
};

void samples_add(struct samples *samples, uint64_t nanoseconds);
/** Sorts the list. Percentiles need it. */
void samples_sort(struct samples *samples);
/** In microseconds. `share` is from 0 to 1. Zero for an empty list. */
double samples_at(const struct samples *samples, double share);

#endif
