// One connection of the upstream, with what it received and what it could not send yet.
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "waiting.h"

#define READ_BYTES 65536

static void reserve(struct buffer *buffer, size_t more) {
  size_t wanted = buffer->length + more;
  if (buffer->capacity >= wanted) return;
  while (buffer->capacity < wanted)
    buffer->capacity = buffer->capacity ? buffer->capacity * 2 : 4096;
  buffer->bytes = realloc(buffer->bytes, buffer->capacity);
  if (!buffer->bytes) abort();
}

int connection_read(struct connection *connection) {
  struct buffer *in = &connection->in;
  for (;;) {
    reserve(in, READ_BYTES);
    ssize_t length = recv(connection->fd, in->bytes + in->length, READ_BYTES, 0);
    if (length < 0 && errno == EAGAIN) return 0;
    if (length <= 0) return -1;
    in->length += (size_t)length;
    if (length < READ_BYTES) return 0;
  }
}

void connection_drop(struct connection *connection, size_t length) {
  struct buffer *in = &connection->in;
  in->length -= length;
  if (in->length) {
    memmove(in->bytes, in->bytes + length, in->length);
  } else if (connection->is_held) {
    // A held stream receives nothing more: thousands of them keep no buffer.
    free(in->bytes);
    *in = (struct buffer){0};
  }
}

/** Sends as much as the socket takes. Below zero: the connection is over. */
static ssize_t send_some(int fd, const char *bytes, size_t length) {
  ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
  return sent < 0 && errno == EAGAIN ? 0 : sent;
}

int connection_flush(struct connection *connection, int epoll) {
  struct buffer *out = &connection->out;
  if (!out->length) return 0;
  ssize_t sent =
      send_some(connection->fd, out->bytes + connection->sent, out->length - connection->sent);
  if (sent < 0) return -1;
  connection->sent += (size_t)sent;
  if (connection->sent == out->length) {
    out->length = connection->sent = 0;
    watch(epoll, EPOLL_CTL_MOD, connection->fd, connection, 0);
  }
  return 0;
}

int connection_send(struct connection *connection, int epoll, const char *bytes, size_t length) {
  struct buffer *out = &connection->out;
  if (!out->length) {
    ssize_t sent = send_some(connection->fd, bytes, length);
    if (sent < 0) return -1;
    if ((size_t)sent == length) return 0;
    bytes += sent;
    length -= (size_t)sent;
    watch(epoll, EPOLL_CTL_MOD, connection->fd, connection, 1);
  }
  reserve(out, length);
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
  return 0;
}

void connection_free(struct connection *connection) {
  close(connection->fd);
  free(connection->in.bytes);
  free(connection->out.bytes);
  free(connection);
}
