import { formatHostPort } from '../resources/host-port.ts';
import { type BootstrapOptions, localityOf } from './bootstrap-options.ts';

/**
 * The bootstrap of a gRPC client that finds its services here (`xds:///name`): an object that JSON
 * makes a file of, to which `GRPC_XDS_BOOTSTRAP` points.
 *
 * With `tls` only clients connect that know credentials of the type `tls` (gRFC A65): they are never
 * told to do without.
 */
export function grpcBootstrap({ xds, node, tls }: BootstrapOptions): Record<string, unknown> {
  const credentials = tls && {
    type: 'tls',
    config: {
      ca_certificate_file: tls.ca,
      ...(tls.identity && {
        certificate_file: tls.identity.certificate,
        private_key_file: tls.identity.key,
      }),
      // The files are read again, so that they can be renewed.
      refresh_interval: '60s',
    },
  };
  return {
    xds_servers: [
      {
        server_uri: formatHostPort(xds),
        channel_creds: [credentials ?? { type: 'insecure' }],
        // A service that comes back is noticed by gRPC for Node only where its absence was not: what
        // is gone has no endpoints meanwhile.
        server_features: ['xds_v3', 'ignore_resource_deletion'],
      },
    ],
    // Some clients want a locality, be it an empty one.
    node: { id: node.id, cluster: node.cluster, locality: localityOf(node) ?? {} },
  };
}
