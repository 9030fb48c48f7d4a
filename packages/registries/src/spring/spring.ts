import { randomUUID } from 'node:crypto';
import { CreateMode } from '@meshkeeper/zookeeper';
import { decodeInstance } from '../curator/decode.ts';
import { encodeInstance } from '../curator/encode.ts';
import { SPRING_PAYLOAD_CLASS, STANDARD_URI_SPEC } from '../curator/instance.ts';
import { kindOf } from '../curator/kind.ts';
import { metadataOf } from '../curator/metadata.ts';
import { reviseInstance } from '../curator/revise.ts';
import { parseObject } from '../decode/json.ts';
import { MAX_DATA } from '../decode/problem.ts';
import type { Dialect } from '../dialect.ts';
import { DirectoryReading } from '../directory/directory-reading.ts';
import { instancePath, recognisedAt } from '../directory/layout.ts';

/** Spring Cloud Zookeeper: Curator's format with a payload of its own. */
export const spring: Dialect = {
  name: 'spring',
  defaultRoot: '/services',
  trees: (root) => [root],
  reading: (options) =>
    new DirectoryReading(options.root, (node, name) =>
      isDubbo(node.data) ? { type: 'other' } : decodeInstance(options, name, node),
    ),
  recognise({ path, data }) {
    const json = parseObject(data.toString());
    return json && kindOf(json) === 'spring' ? recognisedAt(path, String(json.name)) : undefined;
  },
  encode(root, registration, now) {
    const { service, address, port, id = randomUUID() } = registration;
    const metadata = metadataOf({ health: 'unknown', ...registration });
    const data = encodeInstance({
      ...{ name: service, id, address, port, sslPort: null },
      payload: { '@class': SPRING_PAYLOAD_CLASS, id: service, name: service, metadata },
      ...{ registrationTimeUTC: now, serviceType: 'DYNAMIC', uriSpec: STANDARD_URI_SPEC },
    });
    const path = instancePath(root, service, id);
    return [{ path, data, mode: CreateMode.EPHEMERAL, parents: 'container' }];
  },
  revise: ({ path, data }, revision) => ({ path, data: reviseInstance(data, revision) }),
};

/** Dubbo's applications may stand under Spring's root: they are the dialect dubbo's. */
function isDubbo(data: Buffer): boolean {
  if (data.length > MAX_DATA || !data.includes('dubbo')) return false;
  const json = parseObject(data.toString());
  return json !== undefined && kindOf(json) === 'dubbo';
}
