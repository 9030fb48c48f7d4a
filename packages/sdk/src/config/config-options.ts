import { type ConfigOptions, type StandardSchema, ZooKeeperSource } from '@meshkeeper/config';
import type { ZooKeeper } from '@meshkeeper/zookeeper';
import type { Settings } from '../connect/connect-options.ts';
import { SdkError } from '../sdk-error.ts';

/** Options of `openConfig`; what they leave out is what `connect` was told. */
export interface MeshConfigOptions<S extends StandardSchema = StandardSchema>
  extends Omit<ConfigOptions<S>, 'application'> {
  /** Default: the service that `connect` was told. */
  readonly application?: string;
}

/** What `openConfig` is called with. @throws SdkError INVALID_ARGUMENT */
export function configOptions(
  options: MeshConfigOptions,
  { service, servers, token, cacheDir, logger }: Settings,
  zk: ZooKeeper | undefined,
): Omit<ConfigOptions, 'schema'> & { readonly schema?: undefined } {
  const { application = service } = options;
  if (application === '')
    throw new SdkError(
      'INVALID_ARGUMENT',
      'Say whose configuration: config("shop") or connect({ service }).',
    );
  // The keys of secrets are with the control plane only.
  const direct = zk !== undefined && options.server === undefined && options.secrets !== true;
  const given = {
    ...{ server: servers, logger },
    ...(token !== undefined && { token }),
    ...(cacheDir !== undefined && { cacheDir }),
    ...(direct && { source: new ZooKeeperSource({ zk }) }),
    ...options,
    application,
  };
  // `Mesh.config` says by its own overloads what a schema makes of the value.
  return given as typeof given & { readonly schema?: undefined };
}
