import type { PluginFault, ProbeContext } from '@meshkeeper/mesh';
import { ConsulError } from '../consul-error.ts';
import type { ConnectionSettings } from '../settings/connection.ts';
import { ConsulClient } from './consul-client.ts';

/** Milliseconds for an answer. */
const TIMEOUT = 5_000;

/**
 * Looks whether an agent is reached, knows the token, and shows services in each datacentre. Whether the
 * token may write nobody can tell without writing.
 *
 * @param datacenters undefined is the agent's own
 */
export async function probe(
  settings: ConnectionSettings,
  datacenters: readonly (string | undefined)[],
  { signal, resolve }: ProbeContext,
): Promise<readonly PluginFault[]> {
  const late = AbortSignal.timeout(TIMEOUT);
  try {
    using client = await ConsulClient.open(settings, 1, resolve);
    const faults: PluginFault[] = [];
    for (const datacenter of datacenters) {
      const either = AbortSignal.any([signal, late]);
      const options = { signal: either, datacenter };
      const { filtered } = await client.get('/v1/catalog/services', options);
      if (filtered) faults.push(hidden(settings, datacenter));
    }
    return faults;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ConsulError) return [faultOf(error)];
    if (late.aborted)
      return [unreachable(`Consul at ${settings.address} does not answer in ${TIMEOUT} ms`)];
    throw error;
  }
}

function hidden({ token }: ConnectionSettings, datacenter: string | undefined): PluginFault {
  const who = token === undefined ? 'who has no token' : 'the token';
  const where = datacenter === undefined ? '' : ` of ${datacenter}`;
  return {
    kind: 'rights',
    seen: `${who} may not see all services${where}`,
    todo: 'give a token whose policy has service_prefix "" and node_prefix "" with policy = "read"',
  };
}

function faultOf({ code, message: seen }: ConsulError): PluginFault {
  switch (code) {
    case 'invalid-settings':
      return { kind: 'settings', seen, todo: 'correct what is said of the agent' };
    case 'forbidden':
      return { kind: 'credentials', seen, todo: 'give a token that Consul knows, under "token"' };
    default:
      return unreachable(seen);
  }
}

function unreachable(seen: string): PluginFault {
  const todo = 'see that the agent runs, and that "address" is its API';
  return { kind: 'unreachable', seen, todo };
}
