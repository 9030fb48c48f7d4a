import type { Locality } from '@meshkeeper/mesh';
import type { Node } from '../codec/messages.ts';
import type { ResourceType } from '../codec/resource-type.ts';
import type { Resource } from '../resources/resource.ts';
import type { Variant } from './framer.ts';

/** What is known of one type of resources at one proxy. */
export interface TypeStatus {
  readonly typeUrl: string;
  /** It gets all there are. */
  readonly wildcard: boolean;
  /** How many it asked for by name. */
  readonly subscribed: number;
  /** Of the last response; empty before the first. */
  readonly sentVersion: string;
  readonly sentNonce: string;
  /** Of the last response that it accepted. */
  readonly ackedVersion: string | undefined;
  /** Milliseconds since the epoch. */
  readonly ackedAt: number | undefined;
  /** The last response that it rejected; `at` in milliseconds since the epoch. */
  readonly lastNack:
    | { readonly at: number; readonly message: string; readonly version: string }
    | undefined;
  /** It has and accepted what it should have; something is under way; it rejected the last. */
  readonly state: 'synced' | 'pending' | 'rejected';
}

/** What is known of one resource at one proxy. */
export type ResourceStatus = {
  readonly typeUrl: string;
  readonly name: string;
  /** As it was sent last; empty when it was not. */
  readonly version: string;
  /** What it should have; undefined when there is nothing of that name. */
  readonly served: Resource | undefined;
} & (
  | {
      /** It was asked for and doesn't exist; it was accepted. */
      readonly state: 'missing' | 'acked';
    }
  | {
      /** It was not judged yet; sent at, in milliseconds since the epoch, or still to be sent. */
      readonly state: 'requested';
      readonly sentAt: number | undefined;
    }
  | {
      /** It was rejected, `at` in milliseconds since the epoch. */
      readonly state: 'nacked';
      readonly message: string;
      readonly at: number;
    }
);

/** A resource that a proxy rejects in the very version that it should have: it waits for another. */
export interface RefusedResource {
  readonly typeUrl: string;
  readonly name: string;
  readonly version: string;
  /** The proxy's own words. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** False where it rejected several together and did not say which of them is bad. */
  readonly certain: boolean;
  /** The revision of which the proxy lacks something for that reason. */
  readonly since: number;
}

/** A data plane that is connected. */
export interface ConnectedProxy {
  /** Unique among the streams of this server; a proxy that reconnects gets another. */
  readonly stream: number;
  readonly variant: Variant;
  /** `node.id`: a label that the proxy gave itself. */
  readonly id: string;
  readonly cluster: string;
  readonly locality: Locality;
  readonly userAgent: string;
  readonly userAgentVersion: string;
  /** Its address and port. */
  readonly peer: string;
  /** Milliseconds since the epoch. */
  readonly connectedSince: number;
}

/** A data plane that is connected, and what it has of each type that it asked for. */
export interface ProxyStatus extends ConnectedProxy {
  /**
   * The newest revision of the snapshot of which this stream has accepted all that it subscribes
   * to; undefined before it has had everything once. A resource that it rejects holds it back.
   */
  readonly appliedRevision: number | undefined;
  readonly types: readonly TypeStatus[];
  /** What it rejects: nothing else is under way for these. */
  readonly refused: readonly RefusedResource[];
}

/** Names of resources by type; of a type that isn't there, all. */
export type ResourceNames = ReadonlyMap<ResourceType, readonly string[]>;

/** A stream's node, and what is known of each of its resources. */
export interface StreamResources {
  readonly node: Node;
  readonly resources: readonly ResourceStatus[];
}
