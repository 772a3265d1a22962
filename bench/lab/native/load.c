// The load generator: sends requests to one port and prints one line of JSON.
//
// Three ways: each connection sends its next request when it has an answer (closed loop); requests
// are due at a constant rate, and latency counts from that time; or streams are opened and held.
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "client.h"
#include "clock.h"
#include "waiting.h"

#define LAST_ANSWERS_NS (2 * SECOND_NS)
#define IDLE_WAIT_NS (SECOND_NS / 10)
#define STREAMS_PER_SECOND 2000
#define HOLD_WAIT_NS (20 * SECOND_NS)

struct plan {
  const char *file;
  int connections, holds;
  double seconds, rate;
  uint64_t most;
};

static const char USAGE[] =
    "usage: load -p PORT -f FILE [-c CONNECTIONS] [-d SECONDS] [-r RATE] [-n REQUESTS]\n"
    "            [-o FIRST] [-a] [-H]\n"
    "  -r  requests per second; without it, a closed loop\n"
    "  -o  the request of the file to begin with\n"
    "  -a  measures the ages of events\n"
    "  -H  opens one stream per connection, prints, and holds them until SIGTERM\n";

static void handle_events(struct load *load, uint64_t deadline) {
  struct epoll_event events[MOST_EVENTS];
  int count = wait_until(load->epoll, events, deadline);
  for (int i = 0; i < count; i++) client_handle(load, events[i].data.ptr, events[i].events);
}

static struct client *idle_client(struct client *clients, int count) {
  static int at;
  for (int i = 0; i < count; i++) {
    at = (at + 1) % count;
    if (clients[at].state == IDLE) return &clients[at];
  }
  return NULL;
}

static int may_send(const struct load *load, const struct plan *plan) {
  return !plan->most || load->issued < plan->most;
}

/** Sends what is due and returns the time of the next request. */
static uint64_t send_due(struct load *load, const struct plan *plan, struct client *clients,
                         uint64_t start, uint64_t now) {
  if (plan->rate <= 0) {
    for (int i = 0; i < plan->connections && may_send(load, plan); i++)
      if (clients[i].state == IDLE) client_begin(load, &clients[i], now_ns());
    return now + IDLE_WAIT_NS;
  }
  double gap = (double)SECOND_NS / plan->rate;
  for (;;) {
    uint64_t due = start + (uint64_t)((double)(load->issued + 1) * gap);
    if (due > now || !may_send(load, plan)) return due;
    struct client *client = idle_client(clients, plan->connections);
    // All connections wait: the request stays due, and its latency grows.
    if (!client) return now + IDLE_WAIT_NS;
    client_begin(load, client, due);
  }
}

/** Returns the number of answers that came in time; later ones do not count. */
static uint64_t run_calls(struct load *load, const struct plan *plan, struct client *clients,
                          uint64_t start) {
  uint64_t end = start + (uint64_t)(plan->seconds * (double)SECOND_NS);
  for (uint64_t now; (now = now_ns()) < end && (may_send(load, plan) || load->waiting);) {
    uint64_t next = send_due(load, plan, clients, start, now);
    handle_events(load, next < end ? next : end);
  }
  uint64_t within = load->answers;
  while (load->waiting && now_ns() < end + LAST_ANSWERS_NS)
    handle_events(load, now_ns() + IDLE_WAIT_NS);
  return within;
}

static volatile sig_atomic_t ended;
static void on_signal(int signal) { ended = signal; }

static int has_head(const struct client *client) {
  return client->state == WAITING && client->answer.stage != HEAD && client->answer.status == 200;
}

static int count_held(const struct client *clients, int count) {
  int held = 0;
  for (int i = 0; i < count; i++) held += has_head(&clients[i]);
  return held;
}

static void run_held(struct load *load, const struct plan *plan, struct client *clients,
                     uint64_t start) {
  int opened = 0;
  uint64_t end = start + HOLD_WAIT_NS;
  while (!ended && now_ns() < end && count_held(clients, plan->connections) < plan->connections) {
    uint64_t wanted = (now_ns() - start) * STREAMS_PER_SECOND / SECOND_NS;
    for (; opened < plan->connections && (uint64_t)opened < wanted; opened++) {
      if (client_dial(load, &clients[opened]) != 0) load->errors++;
      else client_begin(load, &clients[opened], now_ns());
    }
    handle_events(load, now_ns() + IDLE_WAIT_NS / 10);
  }
}

static void print_times(const char *name, struct samples *samples) {
  samples_sort(samples);
  printf(",\"%s\":{\"count\":%zu,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"most\":%.1f}", name,
         samples->count, samples_at(samples, 0.5), samples_at(samples, 0.9),
         samples_at(samples, 0.99), samples_at(samples, 1));
}

static void print_result(struct load *load, double seconds, uint64_t within, int held) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  printf("{\"seconds\":%.4f,\"cpuSeconds\":%.3f,\"rate\":%.2f,\"answers\":%" PRIu64
         ",\"good\":%" PRIu64 ",\"unauthorized\":%" PRIu64 ",\"limited\":%" PRIu64
         ",\"failed\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"reconnects\":%" PRIu64
         ",\"unanswered\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"events\":%" PRIu64 ",\"held\":%d",
         seconds, cpu, (double)within / seconds, load->answers, load->statuses[2],
         load->unauthorized, load->limited, load->statuses[5], load->errors, load->reconnects,
         held ? 0 : load->waiting, load->bytes, load->events.count, held);
  print_times("latency", &load->latencies);
  print_times("firstByte", &load->first_bytes);
  if (load->events.ages) print_times("age", load->events.ages);
  printf("}\n");
  fflush(stdout);
}

static int read_options(int count, char **arguments, struct load *load, struct plan *plan) {
  static struct samples ages;
  int option;
  size_t first = 0;
  while ((option = getopt(count, arguments, "p:f:c:d:r:n:o:aH")) > 0) switch (option) {
      case 'p': load->port = atoi(optarg); break;
      case 'f': plan->file = optarg; break;
      case 'c': plan->connections = atoi(optarg); break;
      case 'd': plan->seconds = atof(optarg); break;
      case 'r': plan->rate = atof(optarg); break;
      case 'n': plan->most = strtoull(optarg, NULL, 10); break;
      case 'o': first = strtoull(optarg, NULL, 10); break;
      case 'a': load->events.ages = &ages; break;
      case 'H': plan->holds = 1; break;
      default: return -1;
    }
  if (load->port <= 0 || !plan->file || plan->connections < 1 || plan->seconds <= 0) return -1;
  if (requests_read(&load->requests, plan->file) != 0) return -1;
  load->requests.next = first % load->requests.count;
  return 0;
}

int main(int count, char **arguments) {
  static struct load load;
  struct plan plan = {.connections = 32, .seconds = 1};
  if (read_options(count, arguments, &load, &plan) != 0) {
    fputs(USAGE, stderr);
    return 2;
  }
  struct sigaction action = {.sa_handler = on_signal};
  sigaction(SIGTERM, &action, NULL);
  load.epoll = epoll_create1(0);
  struct client *clients = calloc((size_t)plan.connections, sizeof *clients);
  if (!clients) abort();
  for (int i = 0; i < plan.connections; i++) clients[i].state = GONE;
  if (!plan.holds)
    for (int i = 0; i < plan.connections; i++)
      if (client_dial(&load, &clients[i]) != 0) {
        perror("connect");
        return 1;
      }
  uint64_t start = now_ns();
  if (!plan.holds) {
    uint64_t within = run_calls(&load, &plan, clients, start);
    double elapsed = (double)(now_ns() - start) / (double)SECOND_NS;
    print_result(&load, elapsed < plan.seconds ? elapsed : plan.seconds, within, 0);
    return 0;
  }
  run_held(&load, &plan, clients, start);
  double elapsed = (double)(now_ns() - start) / (double)SECOND_NS;
  print_result(&load, elapsed, 0, count_held(clients, plan.connections));
  // Reads on, as a client would: a stream with a full socket would hold back its server.
  while (!ended) handle_events(&load, now_ns() + IDLE_WAIT_NS);
  return 0;
}
