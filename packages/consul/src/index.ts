export { ConsulError, type ConsulErrorCode } from './consul-error.ts';
export { consulDestination, consulSource } from './plugins.ts';
export {
  type ConsulDestinationSettings,
  consulDestinationSchema,
} from './settings/destination.ts';
export { type ConsulSourceSettings, consulSourceSchema } from './settings/source.ts';
export { type ConsulContext, ConsulSource, openConsulSource } from './source/consul-source.ts';
export {
  ConsulDestination,
  type ConsulDestinationContext,
  openConsulDataPlane,
} from './sync/consul-destination.ts';
export { consulTags, consulWeights } from './sync/registration.ts';
