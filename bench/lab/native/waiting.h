// Waits for events of many sockets, with a deadline in nanoseconds.
#ifndef WAITING_H
#define WAITING_H

#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "clock.h"

#define MOST_EVENTS 512

/** epoll_wait counts in milliseconds, too coarse for a constant rate: ppoll waits first. */
static inline int wait_until(int epoll, struct epoll_event *events, uint64_t deadline) {
  uint64_t now = now_ns();
  uint64_t left = deadline > now ? deadline - now : 0;
  struct timespec limit = {(time_t)(left / SECOND_NS), (long)(left % SECOND_NS)};
  struct pollfd any = {.fd = epoll, .events = POLLIN};
  if (ppoll(&any, 1, &limit, NULL) <= 0) return 0;
  return epoll_wait(epoll, events, MOST_EVENTS, 0);
}

static inline void watch(int epoll, int operation, int fd, void *owner, int writable) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (writable ? EPOLLOUT : 0),
                              .data = {.ptr = owner}};
  epoll_ctl(epoll, operation, fd, &event);
}

#endif
