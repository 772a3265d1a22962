// Prints a free loopback port for the gateway of an example, whose URL must be known first.
import { leasePort } from '../../compiled/commands/demo/leased-port.js';

const { port, release } = await leasePort();
release();
console.log(port);
