import { ApiClient } from './api-client.ts';
import type { GlobalOptions } from './global-options.ts';
import { formatHostPort, type HostPort, hostPort } from './host-port.ts';

/** Where data planes connect to, unless somebody says otherwise. */
const PORT = 7071;

/** How `--xds` is told in the help of commands. */
export const XDS_FLAG = [
  '--xds <host:port>',
  'xDS server of the control plane (default: what its API says, or port 7071 of the same host)',
] as const;

/** The flag of a command that connects to the xDS server. */
export interface XdsFlag {
  readonly xds?: string;
}

/**
 * Where the control plane's xDS server is: as `--xds` says, or as its API does; while that says nothing,
 * where it usually is.
 */
export async function xdsAddress({ xds, ...options }: XdsFlag & GlobalOptions): Promise<string> {
  if (xds !== undefined) return formatHostPort(hostPort(xds, '--xds'));
  const host = URL.parse(options.server)?.hostname.replace(/^\[|\]$/g, '') ?? '127.0.0.1';
  const told = await new ApiClient(options)
    .get<{ readonly xds: Partial<HostPort> }>('/listeners')
    .catch(() => undefined); // it may come up later, or be older
  return formatHostPort({ host, port: PORT, ...told?.xds });
}
