// One connection of the upstream, with what it received and what it could not send yet.
#ifndef CONNECTION_H
#define CONNECTION_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
  char *bytes;
  size_t length, capacity;
};

struct connection {
  int fd;
  struct buffer in, out;
  size_t sent;
  int is_held;
  /** Events that are still to come, one at each time that is due. */
  int events_left;
  uint64_t next_event;
  /** The list of connections with such events. */
  struct connection *next_timed;
};

/** Reads all that came. Below zero: the connection is over. */
int connection_read(struct connection *connection);
/** Forgets the first bytes of what was received. */
void connection_drop(struct connection *connection, size_t length);
/** Sends the bytes, or keeps what the socket does not take. Below zero: it is over. */
int connection_send(struct connection *connection, int epoll, const char *bytes, size_t length);
/** Sends what was kept. */
int connection_flush(struct connection *connection, int epoll);
void connection_free(struct connection *connection);

#endif
