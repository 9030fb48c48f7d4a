import type { ConfigSource } from './source.ts';
import type { InputOf, StandardSchema } from './standard-schema.ts';

/** What {@link openConfig} is told. */
export interface ConfigOptions<S extends StandardSchema = StandardSchema> {
  /** Whose configuration. */
  readonly application: string;
  /** One, or several of which the later ones are stronger. Default: none. */
  readonly profile?: string | readonly string[];
  /** Who asks: gray releases are for some instances. */
  readonly instance?: string;
  /** IPv4 or IPv6, for gray releases by address. */
  readonly address?: string;
  /** For gray releases by label. */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Control planes, of which one is asked and the others when it is away. Default: those that
   * `MESHKEEPER_SERVER` names (with commas between them), else `http://127.0.0.1:7070`.
   */
  readonly server?: string | readonly string[];
  /** Instead of control planes: another place where configuration comes from. */
  readonly source?: ConfigSource;
  /** For the API. Default `MESHKEEPER_TOKEN`. */
  readonly token?: string;
  /** What the values have to look like: of zod 4, or any library that follows Standard Schema 1. */
  readonly schema?: S;
  /** Weaker than everything that is published. Nested as the schema is; without a schema by key. */
  readonly defaults?: Defaults<InputOf<S>>;
  /** With the text of secrets. The token needs the role `secret`. Default false: they are left out. */
  readonly secrets?: boolean;
  /**
   * A folder for what was good last, to begin with when everything is away. Its file is for its owner only
   * (0600). Default: none is kept.
   */
  readonly cacheDir?: string;
  /**
   * 32 bytes, or their base64, to encrypt that file with (AES-256-GCM). Without it no secret is ever
   * written to the disk: a beginning without the control plane is then one without secrets.
   */
  readonly cacheKey?: string | Uint8Array;
  /** Milliseconds to wait for a first answer. Default 10,000. */
  readonly timeout?: number;
  /** Begin with `defaults` alone when nobody answers and nothing is on the disk. Default false. */
  readonly optional?: boolean;
  /** Told what goes wrong. Default: nobody. */
  readonly logger?: ConfigLogger;
}

/** Where a client says what goes wrong; pino's loggers are. */
export interface ConfigLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Part of a value, at any depth. */
export type Defaults<T> = unknown extends T
  ? Readonly<Record<string, unknown>>
  : T extends readonly unknown[]
    ? T
    : T extends object
      ? { readonly [K in keyof T]?: Defaults<T[K]> }
      : T;
