import { randomUUID } from 'node:crypto';
import { CreateMode } from '@meshkeeper/zookeeper';
import { parseObject } from '../decode/json.ts';
import type { Dialect } from '../dialect.ts';
import { DirectoryReading } from '../directory/directory-reading.ts';
import { instancePath, recognisedAt } from '../directory/layout.ts';
import { RegistryError } from '../registry-error.ts';
import { decodeInstance } from './decode.ts';
import { encodeInstance } from './encode.ts';
import { kindOf } from './kind.ts';
import { metadataOf } from './metadata.ts';
import { reviseInstance } from './revise.ts';

/** Curator's x-discovery. */
export const curator: Dialect = {
  name: 'curator',
  defaultRoot: '/discovery',
  trees: (root) => [root],
  reading: (options) =>
    new DirectoryReading(options.root, (node, name) => decodeInstance(options, name, node)),
  recognise({ path, data }) {
    const json = parseObject(data.toString());
    return json && kindOf(json) === 'curator' ? recognisedAt(path, String(json.name)) : undefined;
  },
  encode(root, registration, now) {
    const { service, address, port, id = randomUUID() } = registration;
    const { instance_status: status, ...others } = metadataOf(registration);
    if (Object.keys(others).length > 0)
      throw new RegistryError(
        'UNWRITABLE',
        'an instance of Curator has no place for a weight, a locality, metadata or another protocol than http: use the dialect spring',
      );
    const data = encodeInstance({
      ...{ name: service, id, address, port, sslPort: null, payload: null },
      ...{ registrationTimeUTC: now, serviceType: 'DYNAMIC', uriSpec: null },
      ...(status !== undefined && { enabled: status === 'UP' }),
    });
    const path = instancePath(root, service, id);
    return [{ path, data, mode: CreateMode.EPHEMERAL, parents: 'container' }];
  },
  revise: ({ path, data }, revision) => ({ path, data: reviseInstance(data, revision) }),
};
