// One connection of the load generator, with at most one request on it.
#ifndef CLIENT_H
#define CLIENT_H

#include "answer.h"
#include "requests.h"
#include "samples.h"

enum state { IDLE, WAITING, GONE };

struct client {
  int fd;
  enum state state;
  int is_connecting;
  const struct request *request;
  size_t sent;
  /** The time from which the latency counts: that at which the request was due. */
  uint64_t since;
  struct answer answer;
};

/** What all connections share. */
struct load {
  int epoll, port;
  struct requests requests;
  struct samples latencies, first_bytes;
  struct event_totals events;
  uint64_t bytes;
  /** Answers by the first digit of their status: statuses[2] is 2xx. */
  uint64_t statuses[6], unauthorized, limited;
  uint64_t issued, answers, errors, reconnects, waiting;
};

/** Zero means success. */
int client_dial(struct load *load, struct client *client);
/** Sends the next request. Its latency counts from `since`. */
void client_begin(struct load *load, struct client *client, uint64_t since);
void client_handle(struct load *load, struct client *client, uint32_t events);

#endif
