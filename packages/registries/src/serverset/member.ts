/** Where a member can be reached. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Finagle routes to those that are `ALIVE` only, and writes nothing else. */
export type MemberStatus =
  | 'DEAD'
  | 'STARTING'
  | 'ALIVE'
  | 'STOPPING'
  | 'STOPPED'
  | 'WARNING'
  | 'UNKNOWN';

/** What Finagle's `ServiceInstance` holds, by the names of its JSON and in its order. */
export interface ServersetMember {
  readonly serviceEndpoint: HostPort;
  /** By their names: other ports of the same instance. */
  readonly additionalEndpoints: Readonly<Record<string, HostPort>>;
  readonly status: MemberStatus;
  readonly shard?: number;
  /** Finagle writes none when it is empty. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What the names of members begin with; ZooKeeper's number follows. */
export const MEMBER = 'member_';
/** What the names of weight vectors begin with. */
export const VECTOR = 'vector_';
