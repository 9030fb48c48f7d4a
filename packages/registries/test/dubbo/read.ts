import { NO_LOCALITY, type Service } from '@meshkeeper/mesh';
import type { FetchMetadata } from '../../src/dubbo/applications.ts';
import { DubboReading } from '../../src/dubbo/reading.ts';
import { encode } from '../../src/dubbo/url-encoding.ts';
import { readFixture } from '../fixtures/fixture.ts';
import { dataOf, type FixtureNode } from '../fixtures/znodes.ts';
import { znode } from '../znode.ts';

/** A reading in which nothing was read. */
export function reading(root = '/dubbo', fetch?: FetchMetadata): DubboReading {
  return new DubboReading({ registry: 'r', root, locality: NO_LOCALITY }, fetch);
}

/** A reading of what the real Dubbo has written. */
export function readingOf(name: string, root?: string, fetch?: FetchMetadata): DubboReading {
  const read = reading(root, fetch);
  for (const node of nodesOf(name)) read.put(asZNode(node));
  return read;
}

/** What the real Dubbo has written. */
export function nodesOf(name: string): readonly FixtureNode[] {
  return readFixture('dubbo', name).znodes;
}

export function asZNode(node: FixtureNode) {
  return znode(node.path, dataOf(node), { ephemeralOwner: node.ephemeral ? 1n : 0n });
}

/** The znode of a URL. */
export function urlNode(
  url: string,
  stat: Parameters<typeof znode>[2] = {},
  category = 'providers',
) {
  const [, path = ''] = /^[^/]*\/\/[^/]*\/([^?]*)/.exec(url) ?? [];
  const [, iface = path] = /[?&]interface=([^&]*)/.exec(url) ?? [];
  return znode(`/dubbo/${encode(iface)}/${category}/${encode(url)}`, '10.0.0.9', stat);
}

/** The services of a reading, by name. */
export function servicesOf(read: DubboReading): Map<string, Service> {
  return new Map(
    [...read.names].sort().map((name) => {
      const service = read.service(name);
      if (service === undefined) throw new Error(`no service ${name}`);
      return [name, service];
    }),
  );
}

/** What of services is most often looked at: the ids of their endpoints. */
export function idsOf(read: DubboReading): Record<string, string[]> {
  return Object.fromEntries(
    [...servicesOf(read)].map(([name, { endpoints }]) => [name, endpoints.map(({ id }) => id)]),
  );
}
