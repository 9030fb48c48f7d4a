import type { ConfigError } from '../config-error.ts';
import type { Resolved } from './resolved.ts';

/** What is asked for, and by whom: gray releases are for some. */
export interface ConfigRequest {
  readonly application: string;
  /** The later ones are stronger. */
  readonly profiles: readonly string[];
  /** The instance's id. */
  readonly instance?: string | undefined;
  /** The instance's address: IPv4 or IPv6. */
  readonly address?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** With the text of secrets, which takes the role `secret`. */
  readonly secrets: boolean;
}

/** What a source says. */
export type SourceUpdate =
  /** This is what holds now; also said again when the source is back, and nothing has changed. */
  | { readonly type: 'resolved'; readonly resolved: Resolved }
  /** Nobody could be asked. The source goes on trying. */
  | { readonly type: 'away'; readonly reason: string }
  /** Somebody was asked, and refuses: no such token, no such role. It goes on trying, too. */
  | { readonly type: 'refused'; readonly error: ConfigError };

/** Where configuration comes from: the API, or ZooKeeper itself. */
export interface ConfigSource {
  /** What holds for who asks, from now until the signal aborts. It never throws, and never ends before. */
  follow(request: ConfigRequest, signal: AbortSignal): AsyncIterable<SourceUpdate>;
  /** Ends what it has opened. Idempotent. */
  close?(): Promise<void>;
}
