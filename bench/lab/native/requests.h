// The requests that the load generator sends in turn, read from a file.
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stddef.h>
#include <stdint.h>

struct request {
  char *bytes;
  uint32_t length;
};

struct requests {
  struct request *all;
  size_t count, next;
};

/**
 * The file is a sequence of records: a length of four bytes, low byte first, and the bytes of a
 * request. Zero means success.
 */
int requests_read(struct requests *requests, const char *file);
const struct request *requests_next(struct requests *requests);

#endif
