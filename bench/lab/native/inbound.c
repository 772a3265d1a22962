// Finds the requests in the bytes that a connection of the upstream received.
#include "inbound.h"

#include <stdlib.h>
#include <string.h>

struct framing {
  size_t length;
  int is_chunked;
};

static struct framing framing_of(const char *head, size_t length) {
  struct framing framing = {0};
  const char *end = head + length;
  for (const char *line = head; line < end;) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    if (!next) break;
    if (strncasecmp(line, "content-length:", 15) == 0)
      framing.length = strtoull(line + 15, NULL, 10);
    if (strncasecmp(line, "transfer-encoding:", 18) == 0 &&
        memmem(line, (size_t)(next - line), "chunked", 7))
      framing.is_chunked = 1;
    line = next + 1;
  }
  return framing;
}

/**
 * Finds the end of a body in chunks, and joins its data at the beginning when `joins` is set.
 * Returns the bytes that the body takes, or 0 if a part is missing.
 */
static size_t walk_chunks(char *body, size_t length, int joins, size_t *joined) {
  size_t at = 0;
  *joined = 0;
  for (;;) {
    char *end = memmem(body + at, length - at, "\r\n", 2);
    if (!end) return 0;
    size_t size = strtoull(body + at, NULL, 16);
    size_t data = (size_t)(end - body) + 2;
    if (size > length || data + size + 2 > length) return 0;
    if (joins) memmove(body + *joined, body + data, size);
    *joined += size;
    at = data + size + 2;
    if (size == 0) return at;
  }
}

size_t inbound_read(char *bytes, size_t length, struct inbound *request) {
  char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return 0;
  size_t head_length = (size_t)(end - bytes) + 4;
  size_t rest = length - head_length;
  char *body = bytes + head_length;
  struct framing framing = framing_of(bytes, head_length);
  size_t joined = framing.length, taken = framing.length;
  if (framing.is_chunked) {
    taken = walk_chunks(body, rest, 0, &joined);
    if (taken == 0) return 0;
    walk_chunks(body, rest, 1, &joined);
  } else if (rest < framing.length) {
    return 0;
  }
  *request = (struct inbound){bytes, head_length, body, joined};
  return head_length + taken;
}
