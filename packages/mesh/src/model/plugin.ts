import type { DataPlane } from './data-plane.ts';
import type { PolicySource } from './policy-source.ts';
import type { RegistrySource } from './source.ts';

/** What checks settings: Standard Schema (https://standardschema.dev), as zod, valibot and others are. */
export interface SettingsSchema<Settings> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => SettingsResult<Settings> | Promise<SettingsResult<Settings>>;
  };
}

/** Settings as they are to be, or all that is wrong with them. */
export type SettingsResult<Settings> =
  | { readonly value: Settings; readonly issues?: undefined }
  | { readonly issues: readonly SettingsIssue[] };

/** Something that is wrong with settings. */
export interface SettingsIssue {
  /** What to write instead. */
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Takes what a plug-in tells its operator: fields, then a sentence. */
export interface PluginLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What a plug-in is given of the control plane that it runs in. */
export interface PluginContext {
  /** The name that it is configured under. */
  readonly name: string;
  /** Aborts when it is to end. */
  readonly signal: AbortSignal;
  readonly logger: PluginLogger;
  /** Of the control planes that share an ensemble: twelve hexadecimal digits. */
  readonly mesh: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A folder for files of its own, which is there; undefined where the control plane keeps none. */
  readonly dataDir: string | undefined;
  /** A path of its settings as an absolute one: it counts from the configuration file. */
  resolve(path: string): string;
}

/** Whether this replica is the one of all that does a thing. */
export interface Leadership {
  /** The present term, which aborts when it ends; undefined while another replica leads. */
  readonly term: AbortSignal | undefined;
  /** The present state at first, then each other one; the latest, if several came at once. */
  changes(signal: AbortSignal): AsyncIterable<AbortSignal | undefined>;
}

/** What a source is given. */
export interface SourceContext extends PluginContext {
  /** What a service of the source is called in the catalog. */
  nameOf(service: string): string;
  /** Which replica writes what all replicas would write alike. It stands for it from the first use on. */
  readonly leader: Leadership;
}

/** A source that was opened. */
export interface OpenSource extends RegistrySource, AsyncDisposable {
  /** The policies that it has besides its services; without it there are none. */
  readonly policies?: PolicySource | undefined;
}

/** What a destination is given. */
export interface DestinationContext extends PluginContext {
  /** Which replica writes what all replicas would write alike. It stands for it from the first use on. */
  readonly leader: Leadership;
}

/** Why a source or a destination would not work as it is configured. */
export interface PluginFault {
  /**
   * What keeps it: its settings, the way there, who it says it is, or what that one may do there.
   */
  readonly kind: 'settings' | 'unreachable' | 'credentials' | 'rights';
  /** What was seen. */
  readonly seen: string;
  /** What to do about it. */
  readonly todo: string;
}

/** What a look at a source or a destination is given. */
export type ProbeContext = Pick<PluginContext, 'signal' | 'resolve'>;

/** A kind of sources: what else than a ZooKeeper tree the catalog can read. */
export interface SourcePlugin<Settings = unknown> {
  readonly kind: 'source';
  /** What `kind:` says in the configuration. */
  readonly name: string;
  readonly schema: SettingsSchema<Settings>;
  /**
   * Opens a source. One that throws, here or later, is opened again after a pause, and its services are
   * served as they were; so does one whose `changes` end.
   */
  open(settings: Settings, context: SourceContext): Promise<OpenSource>;
  /** Looks whether it would work, and changes nothing: for `doctor`. Without it nobody looks. */
  probe?(settings: Settings, context: ProbeContext): Promise<readonly PluginFault[]>;
}

/** A kind of destinations: where else than to data planes what the mesh holds can be brought. */
export interface DestinationPlugin<Settings = unknown> {
  readonly kind: 'destination';
  /** What `kind:` says in the configuration. */
  readonly name: string;
  readonly schema: SettingsSchema<Settings>;
  /** Opens a destination. One that throws is opened again after a pause. */
  open(settings: Settings, context: DestinationContext): Promise<DataPlane>;
  /** Looks whether it would work, and changes nothing: for `doctor`. Without it nobody looks. */
  probe?(settings: Settings, context: ProbeContext): Promise<readonly PluginFault[]>;
}
