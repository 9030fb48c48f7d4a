import { XdsClient } from '@meshkeeper/xds';

/** A data plane without a data path: it follows the control plane, and says what it got. */
export interface DataPlane extends AsyncDisposable {
  /** The ports of all endpoints that it was given and has accepted. */
  readonly ports: ReadonlySet<number>;
  close(): Promise<void>;
}

/** Starts one at `host:port`; it rejects endpoints of whose ports `rejects` holds. */
export function startDataPlane(
  xds: string,
  id: string,
  rejects: (ports: readonly number[]) => boolean = () => false,
  userAgent = 'test',
): DataPlane {
  const at = xds.lastIndexOf(':');
  const address = { host: xds.slice(0, at), port: Number(xds.slice(at + 1)) };
  const client = new XdsClient({ address, node: { id, cluster: 'test', userAgent } });
  const ports = new Set<number>();
  const following = (async () => {
    for await (const batch of client.updates()) {
      const found =
        batch.type !== 'endpoint'
          ? []
          : [...batch.upserts.values()]
              .flatMap(({ endpoints }) => endpoints ?? [])
              .flatMap(({ lbEndpoints }) => lbEndpoints ?? [])
              .map(({ endpoint }) => endpoint?.address?.socketAddress?.portValue ?? 0);
      if (rejects(found)) batch.reject('not these ports');
      else {
        for (const port of found) ports.add(port);
        batch.accept();
      }
    }
  })();
  const close = async () => {
    await client.close();
    await following;
  };
  return { ports, close, [Symbol.asyncDispose]: close };
}
