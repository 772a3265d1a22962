// The answers of the upstream, one for each name of a tool.
#include "scenarios.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define TEXT_LENGTH 400
#define BIG_LENGTH (1u << 20)
#define EVENTS 1000
#define LAST_CHUNK "0\r\n\r\n"
#define NAME_FIELD "\"name\":\""

static const char JSON_HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n";
static const char STREAM_HEAD[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    "Cache-Control: no-cache, no-transform\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char RESULT_START[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"";
static const char RESULT_END[] = "\"}]}}";

static struct text answers[HELD + 1];

static char *room(size_t bytes) {
  char *found = malloc(bytes);
  if (!found) abort();
  return found;
}

static void append(struct text *text, const char *bytes, size_t length) {
  text->bytes = realloc(text->bytes, text->length + length);
  if (!text->bytes) abort();
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
}

static void append_string(struct text *text, const char *string) {
  append(text, string, strlen(string));
}

static void append_chunk(struct text *text, const char *bytes, size_t length) {
  char size[20];
  append(text, size, (size_t)snprintf(size, sizeof size, "%zx\r\n", length));
  append(text, bytes, length);
  append_string(text, "\r\n");
}

/** A JSON-RPC result whose whole body has `length` bytes. */
static struct text result_of(size_t length) {
  size_t filler = length - strlen(RESULT_START) - strlen(RESULT_END);
  struct text body = {0};
  char *text = room(filler);
  memset(text, 'x', filler);
  append_string(&body, RESULT_START);
  append(&body, text, filler);
  append_string(&body, RESULT_END);
  free(text);
  return body;
}

static struct text json_answer(struct text body) {
  char head[200];
  struct text answer = {0};
  append(&answer, head, (size_t)snprintf(head, sizeof head, JSON_HEAD, body.length));
  append(&answer, body.bytes, body.length);
  return answer;
}

static struct text one_event(struct text body) {
  struct text event = {0}, answer = {0};
  append_string(&event, "event: message\ndata: ");
  append(&event, body.bytes, body.length);
  append_string(&event, "\n\n");
  append_string(&answer, STREAM_HEAD);
  append_chunk(&answer, event.bytes, event.length);
  append_string(&answer, LAST_CHUNK);
  free(event.bytes);
  return answer;
}

static struct text many_events(void) {
  struct text answer = {0};
  append_string(&answer, STREAM_HEAD);
  for (int i = 0; i < EVENTS; i++) {
    char event[300];
    int length = snprintf(event, sizeof event,
                          "event: message\nid: %d\ndata: {\"jsonrpc\":\"2.0\","
                          "\"method\":\"notifications/progress\",\"params\":"
                          "{\"progressToken\":\"t\",\"progress\":%d,\"total\":%d}}\n\n",
                          i, i, EVENTS);
    append_chunk(&answer, event, (size_t)length);
  }
  append_string(&answer, LAST_CHUNK);
  return answer;
}

void scenarios_prepare(void) {
  struct text body = result_of(TEXT_LENGTH + strlen(RESULT_START) + strlen(RESULT_END));
  answers[JSON] = json_answer(body);
  answers[ONE_EVENT] = one_event(body);
  answers[THOUSAND_EVENTS] = many_events();
  answers[BIG] = json_answer(result_of(BIG_LENGTH));
  append_string(&answers[TIMED], STREAM_HEAD);
  append_string(&answers[HELD], STREAM_HEAD);
}

const struct text *scenario_answer(enum scenario scenario) { return &answers[scenario]; }

enum scenario scenario_of(const char *body, size_t length) {
  static const struct {
    const char *name;
    enum scenario scenario;
  } names[] = {{"sse1\"", ONE_EVENT}, {"sse1000\"", THOUSAND_EVENTS}, {"big\"", BIG},
               {"timed\"", TIMED},    {"hold\"", HELD}};
  const char *field = length ? memmem(body, length, NAME_FIELD, strlen(NAME_FIELD)) : NULL;
  if (!field) return JSON;
  const char *name = field + strlen(NAME_FIELD);
  size_t left = length - (size_t)(name - body);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strlen(names[i].name) <= left && !memcmp(name, names[i].name, strlen(names[i].name)))
      return names[i].scenario;
  return JSON;
}

size_t stamped_event(char *chunk, size_t size, int number) {
  char event[300];
  int length = snprintf(event, sizeof event,
                        "event: message\nid: %d\ndata: {\"jsonrpc\":\"2.0\","
                        "\"method\":\"notifications/progress\",\"params\":"
                        "{\"progressToken\":1,\"progress\":%d,\"ts\":%" PRIu64 "}}\n\n",
                        number, number, now_ns());
  return (size_t)snprintf(chunk, size, "%x\r\n%s\r\n", (unsigned)length, event);
}
