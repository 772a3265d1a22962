// The load generator, a process of its own: keeps one request open on each of its connections for
// the ordered time.
import { connect } from 'node:net';
import { Framer } from './frame.mjs';

const CONNECT_MS = 5000;
const LAST_ANSWERS_MS = 5000;
const GOOD = 'HTTP/1.1 200';

const isGood = (bytes) => bytes.latin1Slice(0, GOOD.length) === GOOD;

class Connection {
  framer = new Framer();

  constructor(port, request, run) {
    this.request = request;
    this.run = run;
    this.busy = false;
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => this.read(chunk));
    this.socket.on('error', (error) => run.fail(error));
    this.socket.on('close', () => run.fail(new Error('a connection was closed')));
  }

  send() {
    this.busy = true;
    this.socket.write(this.request);
  }

  read(chunk) {
    try {
      const answer = this.framer.take(chunk);
      if (answer === null) return;
      this.busy = false;
      this.run.answered(isGood(answer));
      if (this.run.going) this.send();
    } catch (error) {
      this.run.fail(error);
    }
  }
}

/** One slice: the number of answers, of those without 200, and the time. */
async function slice({ port, request, connections, seconds }) {
  const run = { going: true, good: 0, bad: 0, error: null, fail: () => {}, answered: () => {} };
  run.answered = (good) => {
    if (good) run.good += 1;
    else run.bad += 1;
  };
  const broken = new Promise((_resolve, reject) => {
    run.fail = reject;
  });
  broken.catch(() => {});
  const open = Array.from({ length: connections }, () => new Connection(port, request, run));
  const timers = [];
  const after = (milliseconds) =>
    new Promise((resolve) => timers.push(setTimeout(resolve, milliseconds)));
  try {
    const connected = Promise.all(
      open.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))),
    );
    const late = after(CONNECT_MS).then(() => Promise.reject(new Error('cannot connect')));
    late.catch(() => {});
    await Promise.race([connected, broken, late]);
    const started = performance.now();
    for (const connection of open) connection.send();
    await Promise.race([after(seconds * 1000), broken]);
    run.going = false;
    const answers = run.good + run.bad;
    const elapsed = (performance.now() - started) / 1000;
    const end = performance.now() + LAST_ANSWERS_MS;
    while (open.some(({ busy }) => busy) && performance.now() < end)
      await Promise.race([after(2), broken]);
    return {
      rate: answers / elapsed,
      answers: run.good + run.bad,
      bad: run.bad,
      unanswered: open.filter((it) => it.busy).length,
    };
  } finally {
    run.fail = () => {};
    for (const timer of timers) clearTimeout(timer);
    for (const { socket } of open) socket.destroy();
  }
}

process.on('message', async (order) => {
  const result = await slice({ ...order, request: Buffer.from(order.request) }).catch((error) => ({
    error: error.message,
  }));
  process.send(result);
});
process.once('disconnect', () => process.exit(0));
process.send({ ready: true });
