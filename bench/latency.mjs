// A load generator that times each call, a process of its own. It also holds the clients of a
// tenant in trouble, which call again some time after a rejection.
import { connect } from 'node:net';
import { Framer } from './frame.mjs';

class Client {
  constructor({ port, request, pauseMs }, answered) {
    this.request = Buffer.from(request);
    this.pauseMs = pauseMs;
    this.answered = answered;
    this.framer = new Framer();
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('connect', () => this.send());
    this.socket.on('data', (chunk) => this.read(chunk));
    this.socket.on('error', () => {});
    this.socket.on('close', () => answered(0, 'closed'));
  }

  send() {
    this.since = performance.now();
    this.socket.write(this.request);
  }

  read(chunk) {
    const answer = this.framer.take(chunk);
    if (answer === null) return;
    this.answered(performance.now() - this.since, answer.latin1Slice(9, 12));
    setTimeout(() => this.socket.destroyed || this.send(), this.pauseMs);
  }

  stop() {
    this.answered = () => {};
    this.socket.removeAllListeners('close');
    this.socket.destroy();
  }
}

/** The times of the calls of one slice in milliseconds, and the number of those without 200. */
async function measured({ connections, seconds, ...order }) {
  const times = [];
  let bad = 0;
  const answered = (ms, status) => {
    if (status === '200') times.push(ms);
    else bad += 1;
  };
  const clients = Array.from({ length: connections }, () => new Client(order, answered));
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  for (const client of clients) client.stop();
  return { times, bad };
}

let held = [];
let statuses = {};

function begin(orders) {
  statuses = {};
  const answered = (_ms, status) => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  held = orders.flatMap(({ connections, ...order }) =>
    Array.from({ length: connections }, () => new Client(order, answered)),
  );
  return { clients: held.length };
}

function end() {
  for (const client of held) client.stop();
  held = [];
  return { statuses };
}

process.on('message', async (order) => {
  if (order.begin !== undefined) process.send(begin(order.begin));
  else if (order.end === true) process.send(end());
  else process.send(await measured(order.measure).catch(({ message }) => ({ error: message })));
});
process.once('disconnect', () => process.exit(0));
process.send({ ready: true });
