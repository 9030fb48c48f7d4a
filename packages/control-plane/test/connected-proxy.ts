import type { ConnectedProxy } from '@meshkeeper/xds';

/** A stream of a data plane, as the xDS server tells of it. */
export function connectedProxy(stream: number, id = `p${stream}`): ConnectedProxy {
  return {
    ...{ stream, id, variant: 'delta', cluster: 'c', peer: '127.0.0.1:1', connectedSince: 0 },
    locality: { region: '', zone: '', subzone: '' },
    ...{ userAgent: 'envoy', userAgentVersion: '1' },
  };
}
