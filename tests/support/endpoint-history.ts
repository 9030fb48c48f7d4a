import { parseHostPort, XdsClient } from '@meshkeeper/xds';

/** Everything that a data plane was ever told of endpoints. */
export interface EndpointHistory extends AsyncDisposable {
  /** What a cluster's endpoints were, one entry an update: their ports, sorted. */
  of(cluster: string): readonly string[];
}

/** Follows a control plane as a data plane does, from now on. */
export function recordEndpoints(xds: string): EndpointHistory {
  const client = new XdsClient({
    address: parseHostPort(xds)!, // from a ready line
    node: { id: 'history', cluster: 'history' },
  });
  const history = new Map<string, string[]>();
  const record = async () => {
    for await (const batch of client.updates()) {
      if (batch.type === 'endpoint') {
        for (const name of batch.removed) note(name, 'removed');
        for (const [name, { endpoints = [] }] of batch.upserts) {
          const ports = (endpoints ?? []).flatMap(({ lbEndpoints }) =>
            (lbEndpoints ?? []).map(
              ({ endpoint, healthStatus }) =>
                `${endpoint?.address?.socketAddress?.portValue}${healthStatus ? ` (${healthStatus})` : ''}`,
            ),
          );
          note(name, ports.sort().join());
        }
      }
      batch.accept();
    }
  };
  const note = (cluster: string, entry: string) => {
    const entries = history.get(cluster) ?? [];
    if (entries.at(-1) !== entry) entries.push(entry);
    history.set(cluster, entries);
  };
  const recording = record();
  return {
    of: (cluster) => history.get(cluster) ?? [],
    async [Symbol.asyncDispose]() {
      await client.close();
      await recording;
    },
  };
}
