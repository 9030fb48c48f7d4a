import type { PolicyOrigin } from '../stated.ts';
import type { TrafficRule, WeightedTarget } from './traffic-rule.ts';

/** TLS of a listener: ends here, with a certificate of the data plane's own store, or passes through. */
export interface ListenerTls {
  readonly mode: 'terminate' | 'passthrough';
  /** Names of certificates; the data plane has them. */
  readonly certificates: readonly string[];
  /** Clients need a certificate of one of these authorities, or may show none where it is optional. */
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
  /** Rules by host name, `*` for any; the most exact host counts, then the rules in their order. */
  readonly hosts: ReadonlyMap<string, readonly TrafficRule[]>;
  /** Where connections go, of TCP and TLS. */
  readonly tcp?: readonly WeightedTarget[];
}

/** Where requests come in from outside. */
export interface GatewaySettings {
  /** Of the policy; a data plane whose `node.cluster` is it serves only this one. */
  readonly name: string;
  readonly origin: PolicyOrigin;
  readonly listeners: readonly GatewayListener[];
}
