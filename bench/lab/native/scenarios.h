// The answers of the upstream, one for each name of a tool.
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include <stddef.h>

enum scenario { JSON, ONE_EVENT, THOUSAND_EVENTS, BIG, TIMED, HELD };

struct text {
  char *bytes;
  size_t length;
};

/** Builds the answers that are always the same. */
void scenarios_prepare(void);
/** The scenario that the body of a call names; JSON for any other tool. */
enum scenario scenario_of(const char *body, size_t length);
/** The whole answer of a scenario, or only its head for TIMED and HELD. */
const struct text *scenario_answer(enum scenario scenario);
/** Writes one chunk with an event that has the time of now, and returns its length. */
size_t stamped_event(char *chunk, size_t room, int number);

#endif
