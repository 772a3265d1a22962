// Reads one HTTP answer in pieces, and counts the events in it.
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define HEAD_END "\r\n\r\n"
#define STAMP "\"ts\":"
#define STAMP_LENGTH 5

void answer_reset(struct answer *answer) {
  answer->stage = HEAD;
  answer->head_length = 0;
  answer->first_byte_ns = 0;
  answer->scan = (struct event_scan){0};
}

static void count_events(struct event_scan *scan, const char *bytes, size_t length,
                         struct event_totals *events) {
  const char *end = bytes + length;
  for (const char *at = bytes; (at = memchr(at, '\n', (size_t)(end - at))); at++)
    if ((at > bytes ? at[-1] : scan->last) == '\n') events->count++;
  if (length) scan->last = end[-1];
}

static void measure_ages(struct event_scan *scan, const char *bytes, size_t length,
                         struct samples *ages) {
  uint64_t now = now_ns();
  for (size_t i = 0; i < length; i++) {
    char byte = bytes[i];
    if (scan->matched < STAMP_LENGTH) {
      scan->matched = byte == STAMP[scan->matched] ? scan->matched + 1 : byte == STAMP[0];
    } else if (byte >= '0' && byte <= '9') {
      scan->stamp = scan->stamp * 10 + (uint64_t)(byte - '0');
    } else {
      samples_add(ages, now > scan->stamp ? now - scan->stamp : 0);
      scan->matched = 0;
      scan->stamp = 0;
    }
  }
}

static void take_content(struct answer *answer, const char *bytes, size_t length,
                         struct event_totals *events) {
  count_events(&answer->scan, bytes, length, events);
  if (events->ages) measure_ages(&answer->scan, bytes, length, events->ages);
}

/** The value of a header line that has this name, or NULL. */
static const char *value_of(const char *line, const char *name) {
  size_t length = strlen(name);
  if (strncasecmp(line, name, length) != 0 || line[length] != ':') return NULL;
  line += length + 1;
  while (*line == ' ') line++;
  return line;
}

/** Reads the status and the framing of a whole head. */
static void read_head(struct answer *answer, const char *end) {
  answer->status = answer->head_length > 12 ? atoi(answer->head + 9) : 0;
  answer->closes = 0;
  answer->stage = UNTIL_CLOSE;
  answer->left = 0;
  for (const char *line = strchr(answer->head, '\n'); line && line < end;
       line = strchr(line, '\n')) {
    line++;
    const char *value;
    if ((value = value_of(line, "content-length")) && answer->stage == UNTIL_CLOSE) {
      answer->stage = BODY;
      answer->left = strtoull(value, NULL, 10);
    } else if ((value = value_of(line, "transfer-encoding"))) {
      if (strncasecmp(value, "chunked", 7) == 0) answer->stage = CHUNK_SIZE;
    } else if ((value = value_of(line, "connection"))) {
      answer->closes = strncasecmp(value, "close", 5) == 0;
    }
  }
  if (answer->stage == CHUNK_SIZE) answer->left = 0;
  if (answer->status == 204 || answer->status == 304) answer->stage = BODY;
}

/** Collects the head. Sets `used` to its bytes: all of them, if the head is not complete yet. */
static enum progress take_head(struct answer *answer, const char *bytes, size_t length,
                               size_t *used) {
  size_t room = sizeof answer->head - 1 - answer->head_length;
  size_t copied = length < room ? length : room;
  size_t before = answer->head_length;
  memcpy(answer->head + before, bytes, copied);
  answer->head_length += copied;
  answer->head[answer->head_length] = 0;
  char *end = memmem(answer->head, answer->head_length, HEAD_END, 4);
  if (!end) {
    *used = length;
    return answer->head_length == sizeof answer->head - 1 ? BROKEN : UNFINISHED;
  }
  *used = (size_t)(end - answer->head) + 4 - before;
  read_head(answer, end);
  return answer->stage == BODY && answer->left == 0 ? FINISHED : UNFINISHED;
}

static int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  byte |= 32;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/** One byte of the lines around chunks. */
static enum progress take_framing(struct answer *answer, char byte) {
  switch (answer->stage) {
    case CHUNK_SIZE:
    case CHUNK_EXTENSION:
      if (byte == '\n') {
        answer->stage = answer->left ? CHUNK : TRAILER;
        answer->line_length = 0;
      } else if (byte == ';') {
        answer->stage = CHUNK_EXTENSION;
      } else if (answer->stage == CHUNK_SIZE && byte != '\r') {
        int digit = hex_digit(byte);
        if (digit < 0) return BROKEN;
        answer->left = answer->left * 16 + (uint64_t)digit;
      }
      return UNFINISHED;
    case CHUNK_END:
      if (byte == '\n') answer->stage = CHUNK_SIZE;
      return UNFINISHED;
    default:  // TRAILER: an empty line ends it
      if (byte == '\n' && answer->line_length == 0) return FINISHED;
      if (byte == '\n') answer->line_length = 0;
      else if (byte != '\r') answer->line_length++;
      return UNFINISHED;
  }
}

enum progress answer_take(struct answer *answer, const char *bytes, size_t length,
                          struct event_totals *events) {
  if (!answer->first_byte_ns) answer->first_byte_ns = now_ns();
  while (length) {
    size_t used = 1;
    enum progress progress = UNFINISHED;
    if (answer->stage == HEAD) {
      progress = take_head(answer, bytes, length, &used);
    } else if (answer->stage == UNTIL_CLOSE) {
      take_content(answer, bytes, length, events);
      used = length;
    } else if (answer->stage == BODY || answer->stage == CHUNK) {
      used = length < answer->left ? length : answer->left;
      answer->left -= used;
      if (answer->stage == CHUNK) {
        take_content(answer, bytes, used, events);
        if (!answer->left) answer->stage = CHUNK_END;
      } else if (!answer->left) {
        progress = FINISHED;
      }
    } else {
      progress = take_framing(answer, *bytes);
    }
    bytes += used;
    length -= used;
    // Only one request is on its way, so bytes after the end are an error.
    if (progress == FINISHED) return length ? BROKEN : FINISHED;
    if (progress == BROKEN) return BROKEN;
  }
  return UNFINISHED;
}

int answer_ends_with_connection(const struct answer *answer) {
  return answer->stage == UNTIL_CLOSE;
}
