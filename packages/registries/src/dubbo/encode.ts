import { CreateMode, joinPath } from '@meshkeeper/zookeeper';
import { encodeInstance } from '../curator/encode.ts';
import { DUBBO_PAYLOAD_CLASS } from '../curator/kind.ts';
import type { Entry, Registration } from '../dialect.ts';
import { instancePath, urlPath } from './layout.ts';
import { withApplication } from './mapping.ts';
import { encodeMetadata, type MetadataInfo, revisionOf } from './metadata-info.ts';
import { type ProviderToWrite, providerOf } from './provider.ts';
import { formatUrl, withoutBrackets } from './url.ts';
import { encode } from './url-encoding.ts';

/** What Dubbo keeps to itself: parameters that differ from start to start. */
const NOT_IN_METADATA = new Set([
  'timestamp',
  'pid',
  'monitor',
  'bind.ip',
  'bind.port',
  'validation',
]);

/**
 * The znodes that register a provider: its URL, and with `register-mode` instance or all its
 * application's instance, whose metadata is remote, with the interface's mapping to it.
 */
export function encodeProvider(
  root: string,
  registration: Registration,
  now: number,
): readonly Entry[] {
  const provider = providerOf(registration, now);
  const url = urlEntry(root, provider);
  if (provider.mode === 'interface') return [url];
  const [instance, ...beside] = applicationEntries(root, provider, now);
  return provider.mode === 'all' ? [url, instance, ...beside] : [instance, ...beside];
}

function urlEntry(root: string, { key, url }: ProviderToWrite): Entry {
  const lasting = url.parameters.get('dynamic') === 'false';
  return {
    path: urlPath(root, key.interface, 'providers', formatUrl(url)),
    // As Curator's default data, which nobody reads, except that it is this provider's host.
    data: Buffer.from(withoutBrackets(url.host)),
    mode: lasting ? CreateMode.PERSISTENT : CreateMode.EPHEMERAL,
    parents: 'persistent',
  };
}

function applicationEntries(
  root: string,
  { key, application, url }: ProviderToWrite,
  now: number,
): [Entry, ...Entry[]] {
  const { protocol, host, path, parameters } = url;
  const port = url.port ?? 0;
  const params = [...parameters].filter(([name]) => !NOT_IN_METADATA.has(name));
  const { interface: name, version, group } = key;
  const service = {
    ...{ name, version, group, protocol, port, path },
    parameters: new Map([...params, ['REGISTRY_CLUSTER', 'default'] as const]),
  };
  const services = [service];
  const revision = revisionOf(application, services);
  const info: MetadataInfo = { application, revision, services };
  const id = `${host}:${port}`;
  const metadata = {
    'dubbo.endpoints': JSON.stringify([{ port, protocol }]),
    'dubbo.metadata.revision': revision,
    'dubbo.metadata.storage-type': 'remote',
    'meta-v': protocol === 'tri' ? '2.0.0' : '1.0.0',
    timestamp: parameters.get('timestamp') ?? String(now),
  };
  const instance: Entry = {
    path: instancePath(root, application, id),
    data: encodeInstance({
      ...{ name: application, id, address: host, port, sslPort: null },
      payload: { '@class': DUBBO_PAYLOAD_CLASS, id, name: application, metadata },
      ...{ registrationTimeUTC: now, serviceType: 'DYNAMIC', uriSpec: null },
    }),
    mode: CreateMode.EPHEMERAL,
    parents: 'container',
  };
  const beside = { mode: CreateMode.PERSISTENT, parents: 'persistent' } as const;
  return [
    instance,
    {
      path: joinPath(joinPath(joinPath(root, 'metadata'), application), revision),
      data: encodeMetadata(info),
      ...beside,
      // A revision says what it is: one that is there already says the same.
      merge: () => undefined,
    },
    {
      path: joinPath(joinPath(root, 'mapping'), encode(name)),
      data: Buffer.from(application),
      ...beside,
      merge: (data) => withApplication(data, application),
    },
  ];
}
