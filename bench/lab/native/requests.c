// The requests that the load generator sends in turn, read from a file.
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>

#define LONGEST (1u << 20)

static int read_length(FILE *file, uint32_t *length) {
  unsigned char bytes[4];
  if (fread(bytes, 1, 4, file) != 4) return 0;
  *length = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24;
  return *length > 0 && *length <= LONGEST;
}

int requests_read(struct requests *requests, const char *name) {
  FILE *file = fopen(name, "rb");
  if (!file) return -1;
  size_t capacity = 0;
  uint32_t length;
  while (read_length(file, &length)) {
    if (requests->count == capacity) {
      capacity = capacity ? capacity * 2 : 64;
      requests->all = realloc(requests->all, capacity * sizeof *requests->all);
      if (!requests->all) abort();
    }
    struct request *request = &requests->all[requests->count];
    request->length = length;
    request->bytes = malloc(length);
    if (!request->bytes) abort();
    if (fread(request->bytes, 1, length, file) != length) break;
    requests->count++;
  }
  fclose(file);
  return requests->count ? 0 : -1;
}

const struct request *requests_next(struct requests *requests) {
  const struct request *request = &requests->all[requests->next];
  requests->next = (requests->next + 1) % requests->count;
  return request;
}
