/** The data planes as the API shows them: `GET /proxies` and what is below it. */

/** One type of resources on a stream. */
export interface TypeView {
  readonly type: string;
  readonly state: 'synced' | 'pending' | 'rejected';
  readonly wildcard: boolean;
  readonly subscribed: number;
  readonly sentVersion: string;
  readonly ackedVersion?: string;
  readonly ackedAt?: string;
}

/** A resource that a data plane rejects. */
export interface RefusedView {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly message: string;
  readonly at: string;
  readonly certain: boolean;
}

/** What is known of a data plane, connected or not. */
export interface ProxyView {
  readonly stream: number;
  readonly id: string;
  readonly cluster: string;
  readonly variant: string;
  readonly locality: { readonly region: string; readonly zone: string; readonly subzone: string };
  readonly userAgent: string;
  readonly userAgentVersion: string;
  readonly peer: string;
  readonly connectedSince: string;
  readonly appliedRevision?: number;
}

/** A stream of a data plane. */
export interface StreamView extends ProxyView {
  readonly state: 'synced' | 'pending' | 'rejected';
  readonly behind?: { readonly revisions: number; readonly since: string };
  readonly types: readonly TypeView[];
  readonly refused: readonly RefusedView[];
}

/** A data plane that went away. */
export interface DepartedView extends ProxyView {
  readonly disconnectedSince: string;
}

/** All of them. */
export interface ProxiesView {
  /** When that was, by the control plane's clock. */
  readonly at: string;
  readonly revision: number;
  readonly proxies: readonly StreamView[];
  readonly departed: readonly DepartedView[];
}

/** The replicas of the control plane: `GET /members`. */
export interface MembersView {
  readonly knowledge: 'all' | 'reading' | 'away';
  readonly members: readonly {
    readonly id: string;
    readonly self: boolean;
    readonly dataPlanes?: { readonly connected: number };
  }[];
}

/** What a data plane reports of a cluster. */
export interface LoadView {
  readonly cluster: string;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly inProgress: number;
  readonly dropped: number;
  readonly interval: number;
}

/** One of them. */
export interface OneProxyView {
  readonly at: string;
  readonly id: string;
  readonly revision: number;
  readonly streams: readonly StreamView[];
  readonly departed?: DepartedView;
  readonly load: readonly LoadView[];
}

/** The types of resources: as protobuf and as people call them. */
export const SHORT_TYPES: Readonly<Record<string, string>> = {
  Secret: 'SDS',
  Cluster: 'CDS',
  ClusterLoadAssignment: 'EDS',
  Listener: 'LDS',
  RouteConfiguration: 'RDS',
  VirtualHost: 'VHDS',
};
