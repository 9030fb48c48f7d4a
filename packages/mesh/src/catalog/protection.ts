/** How endpoints are protected that their registry has lost. Durations are milliseconds. */
export interface Protection {
  /**
   * How long any endpoint is kept that has gone: as long as a client library takes to delete its
   * znode and create it again (2 to 13 ms were measured). Default 14.
   */
  readonly absorb: number;
  /**
   * The same when its session has ended: a process that only paused, or was cut off for a moment,
   * has registered again after 0.25 to 2 s. Default 3,000.
   */
  readonly limbo: number;
  /**
   * The same from a source's recovery on: every client reconnects then and many register anew, some
   * after their old session was expired. Default 15,000.
   */
  readonly recovery: number;
  readonly massDrop: MassDrop;
  /** Whether the last endpoint that takes requests is held. Default true. */
  readonly lastInstance: boolean;
  /** The longest that an endpoint is held, whatever for, unless an operator says so. Default 300,000. */
  readonly maxHold: number;
}

/** When so many endpoints of a service leave, without being deregistered, that the registry is in doubt. */
export interface MassDrop {
  /** More than this share of those that the service had; 1 is never. Default 0.5. */
  readonly share: number;
  /** And at least so many. Default 3. */
  readonly minimum: number;
  /** Within this time. Default 30,000. */
  readonly window: number;
}

/** What is different for one service; what is undefined is as for all. */
export type ProtectionOverride = {
  readonly [Setting in Exclude<keyof Protection, 'massDrop'>]?: Protection[Setting] | undefined;
} & {
  readonly massDrop?:
    | { readonly [Setting in keyof MassDrop]?: MassDrop[Setting] | undefined }
    | undefined;
};

/** The protection of all services. */
export interface ProtectionOptions extends Protection {
  /** What is different, by the service's name. */
  readonly services: Readonly<Record<string, ProtectionOverride>>;
  /** An overlay whose endpoint has been away for so long is orphaned. Default 3,600,000. */
  readonly overlayGrace: number;
}

/** The defaults. */
export const PROTECTION: ProtectionOptions = {
  absorb: 14,
  limbo: 3_000,
  recovery: 15_000,
  massDrop: { share: 0.5, minimum: 3, window: 30_000 },
  lastInstance: true,
  maxHold: 300_000,
  services: {},
  overlayGrace: 3_600_000,
};

/** The protection that a service has. */
export function protectionOf(options: ProtectionOptions, service: string): Protection {
  if (!Object.hasOwn(options.services, service)) return options;
  const { massDrop = {}, ...override } = options.services[service]!;
  return over(options, { ...override, massDrop: over(options.massDrop, massDrop) });
}

/** `base` with what `override` states. */
function over<T extends object>(
  base: T,
  override: { readonly [Key in keyof T]?: T[Key] | undefined },
): T {
  const stated = Object.entries(override).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(stated) };
}
