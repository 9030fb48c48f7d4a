import type { PolicyOrigin } from '../stated.ts';
import type { TrafficRule, WeightedTarget } from './traffic-rule.ts';

/** TLS of a listener: ends here, with a certificate of the data plane's own store, or passes through. */
export interface ListenerTls {
  readonly mode: 'terminate' | 'passthrough';
  /**
   * Names of certificates (`namespace/name` where they are in one); the data plane has them. None where
   * TLS passes through, or where what is named is no certificate: then nobody can be served.
   */
  readonly certificates: readonly string[];
  /**
   * Clients need a certificate of one of these authorities, named as certificates are; where it is
   * optional they may show none, or one of another authority.
   */
  readonly clients?: { readonly authorities: readonly string[]; readonly optional: boolean };
}

/** Where a gateway listens, and where what comes in goes. */
export interface GatewayListener {
  /** Unique in the gateway. */
  readonly name: string;
  readonly port: number;
  readonly protocol: 'http' | 'https' | 'tls' | 'tcp';
  /** Requests (of TLS: connections) for it only; may begin with `*.`. */
  readonly hostname?: string;
  readonly tls?: ListenerTls;
  /**
   * Rules by host name, which may begin with `*.`, or be `*` for any. Of the most exact host that fits
   * the first rule that fits counts; a host's list holds the rules of wider hosts, too, behind its own.
   * Where no host or no rule fits a request is answered with 404 (gRPC: UNIMPLEMENTED).
   */
  readonly hosts: ReadonlyMap<string, readonly TrafficRule[]>;
  /** Where connections go, of TCP and TLS. Those that nobody takes are closed, undefined: all of them. */
  readonly tcp?: readonly WeightedTarget[];
}

/** Where requests come in from outside. */
export interface GatewaySettings {
  /** Of the policy, `namespace/name` where it is in one; a data plane whose `node.cluster` is it serves only this one. */
  readonly name: string;
  readonly origin: PolicyOrigin;
  readonly listeners: readonly GatewayListener[];
}
