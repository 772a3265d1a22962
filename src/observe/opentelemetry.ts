// Loads the packages of OpenTelemetry where the configuration needs them. They are optional peers
// of this package, so an install may lack them.
import type { OtlpTarget } from '../config/resolve-telemetry.js';
import { DestinationError } from '../core/destination-error.js';

/** The versions that the gateway is tested with. */
export const PACKAGES: Readonly<Record<string, string>> = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/exporter-logs-otlp-http': '0.223.0',
  '@opentelemetry/exporter-metrics-otlp-http': '0.223.0',
  '@opentelemetry/exporter-trace-otlp-http': '0.223.0',
  '@opentelemetry/resources': '2.12.0',
  '@opentelemetry/sdk-logs': '0.223.0',
  '@opentelemetry/sdk-metrics': '2.12.0',
  '@opentelemetry/sdk-trace-base': '2.12.0',
};

/** Which command installs them. */
function missingText(setting: string): string {
  const names = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  const command = `npm install ${names.join(' ')}`;
  return `${setting} needs packages that are not installed; install them: ${command}`;
}

/** Rejects with DestinationError where `load` imports a package that is not installed. */
export async function loading<T>(setting: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new DestinationError(missingText(setting), error);
  }
}

export const SCOPE = 'portcullis';

/** Who sends: the attributes of the resource. */
export const ownAttributes = (version: string) => ({
  'service.name': SCOPE,
  'service.version': version,
});

/** The options of every exporter. Headers are secrets until here. */
export const exporterOptions = ({ url, headers }: OtlpTarget) => ({
  url,
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.reveal()]),
  ),
});
