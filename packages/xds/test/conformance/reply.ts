import { DeltaDiscoveryResponse, DiscoveryResponse } from '../../src/codec/messages.ts';
import { ADD_ORDER, decodeResource, type ResourceType, resourceName } from '../../src/index.ts';
import { TYPE_URLS } from './variants.ts';

/** A response, as the tests look at it. */
export interface Reply {
  readonly type: ResourceType;
  /** In the order in which they came. */
  readonly names: readonly string[];
  readonly removed: readonly string[];
  /** Of the whole response. */
  readonly version: string;
  /** Of each resource; empty in the state of the world, which has none. */
  readonly versions: Readonly<Record<string, string>>;
  /** Whether any resource is to expire. */
  readonly hasTtl: boolean;
  readonly nonce: string;
  /** The bytes of the message. */
  readonly bytes: Buffer;
}

/** Reads a response. */
export function readReply(bytes: Buffer, incremental: boolean): Reply {
  if (!incremental) {
    const { typeUrl, resources, versionInfo, nonce } = DiscoveryResponse.decode(bytes);
    const type = typeOf(typeUrl);
    const names = resources.map((any) => resourceName(type, decodeResource(type, any)));
    return {
      ...{ type, names, removed: [], version: versionInfo, versions: {} },
      ...{ hasTtl: false, nonce, bytes },
    };
  }
  const response = DeltaDiscoveryResponse.decode(bytes);
  const { resources, removedResources: removed, systemVersionInfo, nonce } = response;
  const type = typeOf(response.typeUrl);
  const names = resources.map(({ name }) => name ?? '');
  const versions = resources.map(({ name, version }) => [name ?? '', version ?? ''] as const);
  return {
    ...{ type, names, removed, version: systemVersionInfo, nonce, bytes },
    versions: Object.fromEntries(versions),
    hasTtl: resources.some(({ ttl }) => ttl !== undefined && ttl !== null),
  };
}

function typeOf(typeUrl: string): ResourceType {
  const type = ADD_ORDER.find((each) => TYPE_URLS[each] === typeUrl);
  if (type === undefined) throw new Error(`A response of type ${typeUrl}`);
  return type;
}
