import { DEFAULT_WEIGHT, type Endpoint, NO_LOCALITY, type Service } from '../src/index.ts';

/** An endpoint to test with; `zxid` stands for the transaction that wrote it. */
export function endpoint(id: string, port: number, zxid = 1, registry = 'r'): Endpoint {
  return {
    id,
    address: '10.0.0.1',
    port,
    weight: DEFAULT_WEIGHT,
    locality: NO_LOCALITY,
    health: 'unknown',
    metadata: {},
    origin: {
      registry,
      path: `/${id}`,
      czxid: BigInt(zxid),
      mzxid: BigInt(zxid),
      mtime: zxid,
    },
  };
}

export function service(name: string, ...endpoints: Endpoint[]): Service {
  return { name, protocol: 'http', endpoints };
}
