export { ROLES, type Role } from './auth/roles.ts';
export { tokenName } from './auth/token.ts';
export { TokenStore } from './auth/token-store.ts';
export { type ConfigSources, ENVIRONMENT, loadConfig, type PartialConfig } from './config/load.ts';
export { type Config, configSchema, ensembleOf } from './config/schema.ts';
export {
  type ControlPlane,
  type ControlPlaneOptions,
  startControlPlane,
} from './control-plane.ts';
export { ControlPlaneError, type ControlPlaneErrorCode } from './control-plane-error.ts';
export { DESTINATION_KINDS, SOURCE_KINDS } from './plugins/built-in.ts';
export { loadDialects } from './plugins/load-plugins.ts';
export type { Plugin } from './plugins/plugin.ts';
export { type BridgeFault, probeBridges } from './plugins/probe-bridges.ts';
