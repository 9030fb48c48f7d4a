import type { Health } from '@meshkeeper/mesh';
import type { HostPort, XdsClientOptions, XdsClientState } from '@meshkeeper/xds';
import type { Logger } from './logger.ts';
import type { ProxyObserver } from './observer.ts';

/** How a proxy is started. Times in milliseconds. */
export interface ProxyOptions {
  /** Its control plane; `credentials` default to no TLS. */
  readonly xds: {
    readonly address: HostPort;
    readonly credentials?: XdsClientOptions['credentials'];
    readonly backoff?: XdsClientOptions['backoff'];
  };
  /** What it says of itself to the control plane. */
  readonly node: XdsClientOptions['node'];
  /**
   * Listeners to ask the control plane for, by what they are for; port 0 takes a free one. They are
   * put into the node's metadata. Default: what the metadata says, else the control plane's choice.
   */
  readonly listeners?: { readonly gateway?: HostPort; readonly outbound?: HostPort };
  /**
   * How long the start waits for a complete configuration, and for the first checks of endpoints, of
   * which it can do without. Default 10,000.
   */
  readonly readyTimeout?: number;
  /** How long requests may finish when the proxy, or a listener, closes. Default 1,500. */
  readonly drainTimeout?: number;
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** Where metrics come from. Default: none. */
  readonly observer?: ProxyObserver;
  /** Monotonic milliseconds. Default `performance.now`. */
  readonly clock?: () => number;
  /** From 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

/** What a proxy is doing. */
export interface ProxyStatus {
  /** The stream to the control plane; while it is not `live`, the last good configuration serves. */
  readonly controlPlane: XdsClientState;
  /** What was rejected last, by kind of resource, until one of the kind is taken. */
  readonly rejected: Readonly<Record<string, string>>;
  readonly clusters: readonly {
    readonly name: string;
    readonly activeRequests: number;
    /** Open or being opened, also to endpoints that were taken out. */
    readonly connections: number;
    /** A priority uses unhealthy endpoints, because too few are healthy. */
    readonly panic: boolean;
    readonly endpoints: readonly EndpointStatus[];
  }[];
}

/** What the proxy knows of an endpoint. */
export interface EndpointStatus {
  readonly address: string;
  readonly port: number;
  readonly connections: number;
  readonly idle: number;
  readonly activeRequests: number;
  readonly priority: number;
  /** As the control plane says. */
  readonly health: Health;
  /** What active checks say; `none` when there are none. */
  readonly check: 'none' | 'pending' | 'passing' | 'failing';
  /** What is wrong with it; undefined when nothing is known to be. */
  readonly checkFailure: string | undefined;
  /** Left aside for its failures. */
  readonly ejected: boolean;
  /** The control plane has taken it out, but its checks succeed. */
  readonly leaving: boolean;
}

/** A proxy that serves. */
export interface EmbeddedProxy extends AsyncDisposable {
  /** Addresses that are bound, by listener name. */
  readonly listeners: ReadonlyMap<string, { readonly address: string; readonly port: number }>;
  /** What it is doing now. */
  status(): ProxyStatus;
  /**
   * Stops accepting, closes idle connections at once, answers what is on its way with
   * `connection: close` for up to `drainTimeout`, and drops the rest. Idempotent.
   */
  close(options?: { readonly drainTimeout?: number }): Promise<void>;
}
