// Reads one HTTP answer in pieces, and counts the events in it.
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "samples.h"

#define HEAD_BYTES 8192

enum stage { HEAD, BODY, UNTIL_CLOSE, CHUNK_SIZE, CHUNK_EXTENSION, CHUNK, CHUNK_END, TRAILER };
enum progress { UNFINISHED, FINISHED, BROKEN };

/** Looks for ends of events, and for `"ts":<nanoseconds>` where ages are wanted. */
struct event_scan {
  char last;
  size_t matched;
  uint64_t stamp;
};

struct answer {
  enum stage stage;
  char head[HEAD_BYTES];
  size_t head_length;
  int status;
  int closes;
  uint64_t left;
  size_t line_length;
  uint64_t first_byte_ns;
  struct event_scan scan;
};

struct event_totals {
  uint64_t count;
  /** Ages are measured only if this is set. */
  struct samples *ages;
};

void answer_reset(struct answer *answer);
enum progress answer_take(struct answer *answer, const char *bytes, size_t length,
                          struct event_totals *events);
/** Whether the end of the connection completes the answer. */
int answer_ends_with_connection(const struct answer *answer);

#endif
