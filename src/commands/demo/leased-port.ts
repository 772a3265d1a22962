// Reserves a loopback port before a server listens on it, for a server whose URL must be known
// first.
import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { listening } from './loopback.js';

/**
 * A port that the system never gives to a process that asks for any free port. While no server
 * listens on it, the system refuses connections. A server of any process can listen on it, close,
 * and listen again.
 */
export interface LeasedPort {
  readonly port: number;
  release(): void;
}

const FIRST = 10_000;
const LAST = 65_535;
/** The only one of these ports to which fetch and browsers never connect (Fetch standard). */
const BLOCKED = 10_080;

/** The range of ports that the system chooses itself. Other systems than Linux: a range for all. */
function automatic(): readonly [number, number] {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const [first, last] = text.trim().split(/\s+/).map(Number);
    if (first !== undefined && last !== undefined) return [first, last];
  } catch {
    // Not Linux.
  }
  return [32_768, LAST];
}

function candidates(): number[] {
  const [first, last] = automatic();
  const all = Array.from({ length: LAST - FIRST + 1 }, (_, at) => FIRST + at);
  const kept = all.filter((port) => port !== BLOCKED && (port < first || port > last));
  return kept.length > 0 ? kept : all;
}

/**
 * Binds the port as UDP: this excludes other processes that lease it, and leaves TCP free. Null if
 * another process has it.
 */
function hold(port: number): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => resolve(null));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(socket));
  });
}

/** Whether no server of another kind listens there. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await listening(server, port);
    await new Promise((resolve) => server.close(resolve));
    return true;
  } catch {
    return false;
  }
}

const ports = candidates();
/** The index where the search continues. Random, so that two processes seldom try the same port. */
let at = Math.floor(Math.random() * ports.length);

export async function leasePort(): Promise<LeasedPort> {
  for (const _ of ports) {
    at = (at + 1) % ports.length;
    const port = ports[at] ?? FIRST;
    const socket = await hold(port);
    if (socket === null) continue;
    let isHeld = true;
    const release = (): void => {
      if (isHeld) socket.close();
      isHeld = false;
    };
    if (await isFree(port)) return { port, release };
    release();
  }
  throw new Error('no loopback port is free');
}
