import type { XdsClientOptions } from '@meshkeeper/xds';
import type { Logger } from '../logger.ts';
import type { ProxyObserver } from '../observer.ts';
import type { ProxyOptions } from '../proxy-options.ts';

/** How an egress is opened. Times in milliseconds. */
export interface EgressOptions {
  /** Its control plane; `credentials` default to no TLS. */
  readonly xds: ProxyOptions['xds'];
  /** What it says of itself; `cluster` is the service that calls. */
  readonly node: Pick<XdsClientOptions['node'], 'id' | 'cluster' | 'locality' | 'userAgentVersion'>;
  /** Told after each change of {@link Egress.state}. */
  readonly onState?: XdsClientOptions['onState'];
  /** Told whenever something of what it knows has changed. */
  readonly onChange?: () => void;
  /** Services that it goes on asking for although there are none of the name. Default 256. */
  readonly maxMissing?: number;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Where metrics come from. Default: none. */
  readonly observer?: ProxyObserver;
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly clock?: () => number;
  /** From 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** What an egress knows, to begin with another time. */
export interface EgressSnapshot {
  /** The services that were asked for. */
  readonly services: readonly string[];
  /** Resources as the control plane sent them, by kind: bytes of an `Any` in base64. */
  readonly resources: Readonly<Record<string, readonly string[]>>;
}
