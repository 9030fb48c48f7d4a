/** The interfaces that our Dubbo applications have. */
export const dubboInterfaces = {
  /** `greet(name)` and `pause(milliseconds)`. */
  greeter: 'io.meshkeeper.testbed.dubbo.Greeter',
  /** `leave(name)`. */
  farewell: 'io.meshkeeper.testbed.dubbo.Farewell',
} as const;

/** One of {@link dubboInterfaces}. */
export type DubboInterface = (typeof dubboInterfaces)[keyof typeof dubboInterfaces];

/** What a method has of its own. */
export interface DubboMethod {
  /** Milliseconds. */
  timeout?: number | undefined;
  retries?: number | undefined;
  loadbalance?: string | undefined;
  parameters?: Readonly<Record<string, string>> | undefined;
}

/** A service that an application provides. What is left out gets Dubbo's default. */
export interface DubboService {
  /** Default `Greeter`. */
  interface?: DubboInterface | undefined;
  group?: string | undefined;
  version?: string | undefined;
  weight?: number | undefined;
  /** Milliseconds from its registration until it gets its whole weight. */
  warmup?: number | undefined;
  /** Milliseconds. */
  timeout?: number | undefined;
  retries?: number | undefined;
  loadbalance?: string | undefined;
  tag?: string | undefined;
  token?: string | undefined;
  /** False: a persistent URL node, which a crash leaves. */
  dynamic?: boolean | undefined;
  deprecated?: boolean | undefined;
  /** By the method's name. */
  methods?: Readonly<Record<string, DubboMethod>> | undefined;
  parameters?: Readonly<Record<string, string>> | undefined;
}

/** A call of a service. */
export interface DubboCall {
  /** Default `Greeter`. */
  interface?: DubboInterface | undefined;
  /** `*` for any. */
  group?: string | undefined;
  /** `*` for any. */
  version?: string | undefined;
  /** Only providers of this protocol. Default: any. */
  protocol?: 'dubbo' | 'tri' | undefined;
  loadbalance?: string | undefined;
  /** The application that provides it, instead of asking the mapping. */
  providedBy?: string | undefined;
  /** Milliseconds. */
  timeout?: number | undefined;
  /** Of the reference: they are part of the consumer's URL. */
  parameters?: Readonly<Record<string, string>> | undefined;
  methods?: Readonly<Record<string, DubboMethod>> | undefined;
  /** Default `greet`. */
  method?: 'greet' | 'pause' | 'leave' | undefined;
  /** A name, or milliseconds for `pause`. Default `world`. */
  argument?: string | number | undefined;
  /** Sent along: `dubbo.tag` is what a tag rule looks at. */
  attachments?: Readonly<Record<string, string>> | undefined;
}
