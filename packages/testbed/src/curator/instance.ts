/** The payload classes that the driver has, by the `@class` that Curator writes. */
export const payloadClasses = {
  spring: 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
  dubbo: 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance',
} as const;

/** The payload object of Spring Cloud Zookeeper and of Dubbo's application level. */
export interface InstancePayload {
  '@class': (typeof payloadClasses)[keyof typeof payloadClasses];
  id: string | null;
  name: string | null;
  /** Written in this order. */
  metadata: Record<string, string>;
}

/** Curator's ServiceType: which kind of znode an instance becomes. */
export type ServiceType = 'DYNAMIC' | 'DYNAMIC_SEQUENTIAL' | 'STATIC' | 'PERMANENT';

/** The uriSpec that Spring Cloud Zookeeper always writes. */
export const standardUriSpec = '{scheme}://{address}:{port}';

/** What an instance is registered with. What is left out gets Curator's default. */
export interface InstanceOptions {
  name: string;
  /** Default: a random UUID. */
  id?: string | undefined;
  /** Default: an address of this machine that Curator picks. */
  address?: string | undefined;
  port?: number | undefined;
  sslPort?: number | undefined;
  payload?: string | InstancePayload | undefined;
  /** Milliseconds since 1970. Default: now, or for an update what it was. */
  registrationTimeUTC?: number | undefined;
  /** Default `DYNAMIC`, ephemeral. */
  serviceType?: ServiceType | undefined;
  /** A pattern such as {@link standardUriSpec}. Default null. */
  uriSpec?: string | null | undefined;
  /** Default true; written only with `writeEnabled`. */
  enabled?: boolean | undefined;
}

/** An instance as Curator's own serializer writes it. */
export interface CuratorInstance {
  name: string;
  id: string;
  address: string;
  port: number | null;
  sslPort: number | null;
  payload: string | InstancePayload | null;
  registrationTimeUTC: number;
  serviceType: ServiceType;
  uriSpec: { parts: { value: string; variable: boolean }[] } | null;
  enabled?: boolean;
}
