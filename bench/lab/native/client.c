// One connection of the load generator, with at most one request on it.
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "waiting.h"

#define READ_BYTES 262144

int client_dial(struct load *load, struct client *client) {
  client->state = GONE;
  client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (client->fd < 0) return -1;
  int one = 1;
  setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)load->port),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int result = connect(client->fd, (struct sockaddr *)&address, sizeof address);
  if (result < 0 && errno != EINPROGRESS) {
    close(client->fd);
    return -1;
  }
  client->is_connecting = result < 0;
  client->state = IDLE;
  watch(load->epoll, EPOLL_CTL_ADD, client->fd, client, client->is_connecting);
  return 0;
}

static void redial(struct load *load, struct client *client) {
  close(client->fd);
  load->reconnects++;
  client_dial(load, client);
}

static void fail(struct load *load, struct client *client) {
  if (client->state == WAITING) {
    load->errors++;
    load->waiting--;
  }
  redial(load, client);
}

static void finish(struct load *load, struct client *client) {
  uint64_t now = now_ns();
  int status = client->answer.status;
  load->waiting--;
  load->answers++;
  load->statuses[status >= 100 && status < 600 ? status / 100 : 0]++;
  if (status == 401) load->unauthorized++;
  if (status == 429) load->limited++;
  samples_add(&load->latencies, now - client->since);
  samples_add(&load->first_bytes, client->answer.first_byte_ns - client->since);
  client->state = IDLE;
  if (client->answer.closes || answer_ends_with_connection(&client->answer)) redial(load, client);
}

/** Sends as much as the socket takes. */
static void send_rest(struct load *load, struct client *client) {
  const struct request *request = client->request;
  ssize_t sent = send(client->fd, request->bytes + client->sent, request->length - client->sent,
                      MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) {
    fail(load, client);
    return;
  }
  if (sent > 0) client->sent += (size_t)sent;
  if (client->sent < request->length) watch(load->epoll, EPOLL_CTL_MOD, client->fd, client, 1);
}

void client_begin(struct load *load, struct client *client, uint64_t since) {
  client->request = requests_next(&load->requests);
  client->sent = 0;
  client->since = since;
  client->state = WAITING;
  answer_reset(&client->answer);
  load->issued++;
  load->waiting++;
  if (!client->is_connecting) send_rest(load, client);
}

static void on_writable(struct load *load, struct client *client) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) {
    fail(load, client);
    return;
  }
  client->is_connecting = 0;
  watch(load->epoll, EPOLL_CTL_MOD, client->fd, client, 0);
  if (client->state == WAITING && client->sent < client->request->length)
    send_rest(load, client);
}

static void on_readable(struct load *load, struct client *client) {
  static char bytes[READ_BYTES];
  while (client->state == WAITING) {
    ssize_t length = recv(client->fd, bytes, sizeof bytes, 0);
    if (length < 0 && errno == EAGAIN) return;
    if (length == 0 && answer_ends_with_connection(&client->answer)) {
      finish(load, client);
      return;
    }
    if (length <= 0) {
      fail(load, client);
      return;
    }
    load->bytes += (uint64_t)length;
    enum progress progress =
        answer_take(&client->answer, bytes, (size_t)length, &load->events);
    if (progress == FINISHED) finish(load, client);
    if (progress == BROKEN) fail(load, client);
    if (progress != UNFINISHED || (size_t)length < sizeof bytes) return;
  }
  // An idle connection becomes readable only when the other side closes it.
  if (client->state == IDLE) redial(load, client);
}

void client_handle(struct load *load, struct client *client, uint32_t events) {
  if (client->state == GONE) return;
  if (events & EPOLLOUT) on_writable(load, client);
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) && !client->is_connecting)
    on_readable(load, client);
}
