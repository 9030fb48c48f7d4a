import { encodeInstance } from '@meshkeeper/registries';

/** The bytes of an instance as Curator registers it. */
export function instance(name: string, id: string, port: number): Buffer {
  return encodeInstance({
    ...{ name, id, address: '127.0.0.1', port, sslPort: null, payload: null },
    ...{ registrationTimeUTC: 1, serviceType: 'DYNAMIC', uriSpec: null },
  });
}
