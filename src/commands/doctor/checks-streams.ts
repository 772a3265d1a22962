// Decides what the doctor wants of streams: an event reaches the client while its stream is open, whatever stands in between.
import { type Check, fail, ok, type Seen, skipped, warn } from './check.js';
import { type Look, whyNot } from './look.js';
import { type Answer, type Asked, header, headerLines, isStream } from './request.js';
import { messagesOf } from './talk.js';

const ALL = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

const acknowledged = (answer: Answer): boolean =>
  messagesOf(answer).some(({ method }) => method === ACKNOWLEDGED);

/** A stream that a server of 2026-07-28 keeps open, and whose first event it sends at once. */
async function listen(
  look: Look,
  deadlineMs: number,
  enough: (soFar: Answer) => boolean,
): Promise<Asked | string> {
  if (!(await look.mayTalk())) return 'no token to send';
  const talk = await look.talk.in('modern');
  if (!talk.served) return 'modern is not served';
  return look.withToken(talk.request('subscriptions/listen', { notifications: ALL }), {
    deadlineMs,
    enough,
  });
}

/** The stream of a legacy server for messages of its own. */
async function getStream(
  look: Look,
  deadlineMs: number,
  enough: (soFar: Answer) => boolean,
): Promise<Asked | string> {
  if (!(await look.mayTalk())) return 'no token to send';
  const talk = await look.talk.in('legacy');
  if (!talk.served) return 'legacy is not served';
  const { 'content-type': _, ...headers } = talk.request('ping').headers;
  return look.authorized({
    headers: { ...headers, accept: 'text/event-stream' },
    deadlineMs,
    enough,
  });
}

const BUFFERED =
  'switch buffering and compression off for this path (X-Accel-Buffering: no; proxy_buffering off), and flush each event';

function judgeListen(asked: Asked | string, eventMs: number): Seen {
  if (typeof asked === 'string') return skipped(asked);
  if (asked.kind === 'trouble')
    return fail(
      asked.code === 'TIMEOUT'
        ? `nothing within ${eventMs / 1000} s of an open stream`
        : whyNot(asked),
    );
  if (asked.status !== 200 || !isStream(asked))
    return skipped(`subscriptions/listen is not offered: ${whyNot(asked)}`);
  if (asked.over) return skipped('the server ended the subscription at once');
  const at = asked.pieces.at(-1)?.atMs ?? 0;
  return acknowledged(asked)
    ? ok(`after ${Math.round(at)} ms, stream open`)
    : fail(`no acknowledgement within ${eventMs / 1000} s of an open stream`);
}

function judgeHeaders(asked: Asked | string): Seen {
  if (typeof asked === 'string' || asked.kind === 'trouble' || !isStream(asked))
    return skipped('no stream');
  const encoding = header(asked, 'content-encoding');
  if (encoding !== '' && encoding !== 'identity') return fail(`Content-Encoding: ${encoding}`);
  if (headerLines(asked, 'content-length').length > 0) return fail('Content-Length');
  return header(asked, 'x-accel-buffering') === 'no'
    ? ok('X-Accel-Buffering: no')
    : warn('no X-Accel-Buffering: no');
}

export const streamChecks: readonly Check[] = [
  {
    name: 'event at once',
    wants: 'the acknowledgement of subscriptions/listen arrives while the stream is open',
    mend: BUFFERED,
    requirement: 'B-70',
    look: async (look) =>
      judgeListen(await listen(look, look.target.eventMs, acknowledged), look.target.eventMs),
  },
  {
    name: 'GET stream',
    wants: 'a GET for events is 405, or begins at once',
    mend: `answer 405 where there is no such stream; else ${BUFFERED}`,
    requirement: 'B-03, B-70',
    async look(look) {
      const asked = await getStream(look, look.target.eventMs, isStream);
      if (typeof asked === 'string') return skipped(asked);
      if (asked.kind === 'trouble')
        return fail(
          asked.code === 'TIMEOUT'
            ? `no head within ${look.target.eventMs / 1000} s`
            : whyNot(asked),
        );
      if (asked.status === 405) return ok('405: no such stream');
      // Proof of the head alone: nothing makes any server send an event here.
      return isStream(asked) && asked.status === 200
        ? ok('its head came at once')
        : fail(whyNot(asked));
    },
  },
  {
    name: 'headers of streams',
    wants: 'X-Accel-Buffering: no, no Content-Encoding, no Content-Length',
    mend: 'add X-Accel-Buffering: no, and compress no stream: proxies hold back what they compress',
    requirement: 'B-70, B-71',
    async look(look) {
      const modern = await listen(look, look.target.eventMs, isStream);
      return judgeHeaders(
        typeof modern === 'string' || modern.kind === 'trouble'
          ? await getStream(look, look.target.eventMs, isStream)
          : modern,
      );
    },
  },
  {
    name: 'progress of the call',
    wants: 'events of a running call do not come all at its end',
    mend: BUFFERED,
    requirement: 'B-70',
    async look(look) {
      if (!(await look.mayTalk())) return skipped('no token to send');
      for (const era of ['modern', 'legacy'] as const) {
        const asked = (await look.talk.in(era)).call?.asked;
        if (asked?.kind !== 'answer' || !isStream(asked) || messagesOf(asked).length < 2) continue;
        const first = asked.pieces.find(({ text }) => /^data:/m.test(text))?.atMs ?? 0;
        const alone = `${Math.round(first)} ms of ${Math.round(asked.endedMs)} ms`;
        // Of a short call nothing can be said.
        if (asked.endedMs < 500) return skipped('the call was too short');
        return asked.endedMs - first < 50
          ? warn(`all events at the end: ${alone}`)
          : ok(`the first after ${alone}`);
      }
      return skipped('no call reported progress; --tool names one that does');
    },
  },
  {
    name: 'quiet stream',
    wants: 'a stream without events stays open',
    mend: 'let every proxy on the way wait longer than 60 s (proxy_read_timeout), or send comments as keep-alive',
    requirement: 'B-72',
    async look(look) {
      const { quietMs } = look.target;
      if (quietMs === null) return skipped('--long waits for it');
      const never = (): boolean => false;
      const modern = await listen(look, quietMs, never);
      const held = typeof modern !== 'string' && modern.kind === 'answer' && isStream(modern);
      const asked = held ? modern : await getStream(look, quietMs, never);
      if (typeof asked === 'string') return skipped(asked);
      if (asked.kind === 'trouble') return fail(whyNot(asked));
      if (asked.status !== 200 || !isStream(asked)) return skipped('no stream to hold open');
      const seconds = (asked.endedMs / 1000).toFixed(1);
      return asked.endedMs < quietMs - 50
        ? fail(`it ended after ${seconds} s`)
        : ok(`open for ${seconds} s`);
    },
  },
];
