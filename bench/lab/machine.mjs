// Names the machine of a run: its processor and system, and never its host name.
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

function distribution() {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** The family of a processor whose hypervisor hides its model, from what it can do. */
function processor() {
  const [first] = cpus();
  const text = readFileSync('/proc/cpuinfo', 'latin1');
  const field = (name) => new RegExp(`^${name}\\s*:\\s*(.+)`, 'm').exec(text)?.[1];
  const [family, model] = [field('cpu family'), field('model')];
  const numbers = family === undefined ? '' : ` (family ${family}, model ${model})`;
  return `${first?.model.trim() ?? 'unknown processor'}${numbers}`;
}

export function machine() {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const system = distribution() ?? type();
  return `${cpus().length} cores of ${processor()}, ${gigabytes} GB; ${system}, Linux ${release()}`;
}

export const busyLoad = () => loadavg()[0];
