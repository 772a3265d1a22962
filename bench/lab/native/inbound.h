// Finds the requests in the bytes that a connection of the upstream received.
#ifndef INBOUND_H
#define INBOUND_H

#include <stddef.h>

struct inbound {
  const char *head;
  size_t head_length;
  const char *body;
  size_t body_length;
};

/**
 * Reads the request at the beginning of `bytes`. Returns its length, or 0 if a part is missing. A
 * body in chunks is joined in place.
 */
size_t inbound_read(char *bytes, size_t length, struct inbound *request);

#endif
