// The upstream: plays an MCP server that answers at once, so that only the gateway costs time.
//
// The name of the tool chooses the answer; GET opens a stream that is held. GET /stats has counts.
// It prints its port on loopback, and ends when standard input does.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "inbound.h"
#include "waiting.h"
#include "scenarios.h"

#define BACKLOG 4096
#define TIMED_EVENTS 20
#define TIMED_GAP_NS (25 * SECOND_NS / 1000)
#define LONG_WAIT_NS SECOND_NS
#define CHUNK_BYTES 400

static int epoll, held, open_connections;
static unsigned long requests;
static struct connection *timed;
static const char EMPTY[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

static int starts_with(const struct inbound *request, const char *text) {
  size_t length = strlen(text);
  return request->head_length >= length && !memcmp(request->head, text, length);
}

static int send_event(struct connection *connection, int number) {
  char chunk[CHUNK_BYTES];
  return connection_send(connection, epoll, chunk, stamped_event(chunk, sizeof chunk, number));
}

static int send_stats(struct connection *connection) {
  char body[200], answer[400];
  int length = snprintf(body, sizeof body, "{\"requests\":%lu,\"open\":%d,\"held\":%d}\n", requests,
                        open_connections, held);
  int whole = snprintf(answer, sizeof answer,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                       "Content-Length: %d\r\n\r\n%s",
                       length, body);
  return connection_send(connection, epoll, answer, (size_t)whole);
}

static int answer_request(struct connection *connection, const struct inbound *request) {
  if (starts_with(request, "GET /stats")) return send_stats(connection);
  requests++;
  if (starts_with(request, "DELETE "))
    return connection_send(connection, epoll, EMPTY, strlen(EMPTY));
  enum scenario scenario =
      starts_with(request, "GET ") ? HELD : scenario_of(request->body, request->body_length);
  const struct text *answer = scenario_answer(scenario);
  if (connection_send(connection, epoll, answer->bytes, answer->length) < 0) return -1;
  if (scenario == HELD) {
    held++;
    connection->is_held = 1;
    return send_event(connection, 0);
  }
  if (scenario == TIMED) {
    connection->events_left = TIMED_EVENTS;
    connection->next_event = now_ns();
    connection->next_timed = timed;
    timed = connection;
  }
  return 0;
}

static int on_readable(struct connection *connection) {
  if (connection_read(connection) < 0) return -1;
  size_t used = 0;
  for (;;) {
    struct inbound request;
    struct buffer *in = &connection->in;
    size_t length = inbound_read(in->bytes + used, in->length - used, &request);
    if (!length) break;
    if (answer_request(connection, &request) < 0) return -1;
    used += length;
  }
  if (used) connection_drop(connection, used);
  return 0;
}

static void forget_timed(struct connection *connection) {
  for (struct connection **at = &timed; *at; at = &(*at)->next_timed)
    if (*at == connection) {
      *at = connection->next_timed;
      return;
    }
}

static void end_connection(struct connection *connection) {
  if (connection->is_held) held--;
  if (connection->events_left) forget_timed(connection);
  open_connections--;
  connection_free(connection);
}

/** Sends the events that are due, and returns when the next one is. */
static uint64_t send_due_events(void) {
  uint64_t next = now_ns() + LONG_WAIT_NS;
  for (struct connection *connection = timed, *following; connection; connection = following) {
    following = connection->next_timed;
    int result = 0;
    if (now_ns() >= connection->next_event) {
      result = send_event(connection, TIMED_EVENTS - connection->events_left);
      connection->next_event += TIMED_GAP_NS;
      if (--connection->events_left == 0) {
        forget_timed(connection);
        if (result == 0) result = connection_send(connection, epoll, "0\r\n\r\n", 5);
      }
    }
    if (result < 0) end_connection(connection);
    else if (connection->events_left && connection->next_event < next)
      next = connection->next_event;
  }
  return next;
}

static void accept_all(int listener) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) abort();
    connection->fd = fd;
    open_connections++;
    watch(epoll, EPOLL_CTL_ADD, fd, connection, 0);
  }
}

static int listen_on_loopback(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) || listen(fd, BACKLOG) ||
      getsockname(fd, (struct sockaddr *)&address, &length))
    return -1;
  printf("{\"port\":%d}\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void handle(struct connection *connection, uint32_t events) {
  int result = events & (EPOLLERR | EPOLLHUP) ? -1 : 0;
  if (result == 0 && events & EPOLLOUT) result = connection_flush(connection, epoll);
  if (result == 0 && events & (EPOLLIN | EPOLLRDHUP)) result = on_readable(connection);
  if (result < 0) end_connection(connection);
}

int main(void) {
  static int listener_mark, input_mark;
  signal(SIGPIPE, SIG_IGN);
  scenarios_prepare();
  epoll = epoll_create1(0);
  int listener = listen_on_loopback();
  if (listener < 0) {
    perror("listen");
    return 1;
  }
  watch(epoll, EPOLL_CTL_ADD, listener, &listener_mark, 0);
  watch(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input_mark, 0);
  for (;;) {
    struct epoll_event events[MOST_EVENTS];
    int count = wait_until(epoll, events, send_due_events());
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == &input_mark) return 0;
      if (events[i].data.ptr == &listener_mark) accept_all(listener);
      else handle(events[i].data.ptr, events[i].events);
    }
  }
}
