/** How an instance's znode lives: Curator's `ServiceType`. */
export type ServiceType = 'DYNAMIC' | 'DYNAMIC_SEQUENTIAL' | 'STATIC' | 'PERMANENT';

/** A `UriSpec`: a template of literal and variable parts. */
export interface UriSpec {
  readonly parts: readonly { readonly value: string; readonly variable: boolean }[];
}

/** Spring Cloud Zookeeper's payload. */
export interface SpringPayload {
  readonly '@class': typeof SPRING_PAYLOAD_CLASS;
  /** The application's name, not the instance's. */
  readonly id: string;
  readonly name: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The class that Spring's readers insist on. */
export const SPRING_PAYLOAD_CLASS =
  'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance';

/** What Curator's `ServiceInstance` holds, by the names of its JSON. */
export interface CuratorInstance {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly port: number | null;
  readonly sslPort: number | null;
  /** A string, or an object with `@class`. */
  readonly payload: string | SpringPayload | Readonly<Record<string, unknown>> | null;
  /** Milliseconds since the epoch. */
  readonly registrationTimeUTC: number;
  readonly serviceType: ServiceType;
  readonly uriSpec: UriSpec | null;
  /** Not written unless set, as by Curator's default serializer; readers take it as true. */
  readonly enabled?: boolean;
}

/** `{scheme}://{address}:{port}`: what Spring always writes. */
export const STANDARD_URI_SPEC: UriSpec = {
  parts: [
    { value: 'scheme', variable: true },
    { value: '://', variable: false },
    { value: 'address', variable: true },
    { value: ':', variable: false },
    { value: 'port', variable: true },
  ],
};
