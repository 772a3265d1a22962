// Loaded into a target by `node --import`. A SIGUSR2 begins a CPU profile, the next one writes it
// to the file `BENCH_PROFILE-PID.json`.
import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';

const SAMPLE_US = 200;
const file = `${process.env.BENCH_PROFILE}-${process.pid}.json`;
const session = new Session();
let profiles = false;

function write(error, { profile } = {}) {
  if (error) throw new Error(error.message);
  writeFileSync(`${file}.part`, JSON.stringify(profile));
  renameSync(`${file}.part`, file);
}

session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US });
process.on('SIGUSR2', () => {
  if (profiles) session.post('Profiler.stop', write);
  else session.post('Profiler.start');
  profiles = !profiles;
});
