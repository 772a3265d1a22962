// The public names of the package, for a program that embeds the gateway.
export type { GatewayConfig } from './config/gateway-config.js';
export { ConfigError } from './config/problems.js';
export {
  type CloseOptions,
  createGateway,
  type RunningGateway,
} from './launch/create-gateway.js';
export type { GatewayOptions } from './launch/gateway-options.js';
