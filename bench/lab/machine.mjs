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

/** With family and model, because a hypervisor often hides the name. */
function processor() {
  const text = readFileSync('/proc/cpuinfo', 'latin1');
  const field = (name) => new RegExp(`^${name}\\s*:\\s*(.+)`, 'm').exec(text)?.[1];
  const [family, model] = [field('cpu family'), field('model')];
  const numbers = family === undefined ? '' : ` (family ${family}, model ${model})`;
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}${numbers}`;
}

/** Two lines of a paragraph. */
export function machine() {
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  const kernel = /^[\d.]+/.exec(release())?.[0] ?? '';
  const system = `${distribution() ?? type()}, Linux ${kernel}`;
  return `${cpus().length} cores of ${processor()}, ${gigabytes} GB;\n${system}`;
}

export const busyLoad = () => loadavg()[0];
