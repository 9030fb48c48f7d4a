import { acceptBy } from './accept.ts';
import { begin } from './begin.ts';
import { Config } from './config.ts';
import { HttpSource } from './http/http-source.ts';
import type { ConfigLogger, ConfigOptions } from './options.ts';
import type { Resolved } from './resolved.ts';
import { Snapshot } from './snapshot.ts';
import type { ConfigRequest, ConfigSource } from './source.ts';
import type { OutputOf, StandardSchema } from './standard-schema.ts';
import { Updates } from './updates.ts';

const TIMEOUT = 10_000;
const SERVER = 'http://127.0.0.1:7070';
const SILENT: ConfigLogger = { info() {}, warn() {} };

/** How a call may be ended early. */
interface Calling {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the configuration of an application, and keeps it up: typed by `schema`, or a record of texts by
 * key without one. Resolves with what holds now; when nobody answers, with what was good last, if that is
 * on the disk.
 * @throws ConfigError UNAVAILABLE: nobody answers, and nothing is on the disk; NOT_VALID: what holds doesn't
 * fit the schema, and there is nothing older; FORBIDDEN, NOT_FOUND: the control plane refuses
 */
export async function openConfig<S extends StandardSchema>(
  options: ConfigOptions<S> & { readonly schema: S },
  calling?: Calling,
): Promise<Config<OutputOf<S>>>;
export async function openConfig(
  options: Omit<ConfigOptions, 'schema'> & { readonly schema?: undefined },
  calling?: Calling,
): Promise<Config<Readonly<Record<string, string>>>>;
export async function openConfig<T>(
  options: ConfigOptions,
  { signal }: Calling = {},
): Promise<Config<T>> {
  signal?.throwIfAborted();
  const { application, cacheDir, logger = SILENT, timeout = TIMEOUT, optional = false } = options;
  const request = requestOf(options);
  const accept = acceptBy<T>(options.schema, options.defaults);
  const snapshot =
    cacheDir === undefined ? undefined : new Snapshot(cacheDir, request, options.cacheKey);
  const source = options.source ?? overHttp(options);
  const stop = new AbortController();
  const updates = new Updates(source.follow(request, stop.signal));
  const keep = async (resolved: Resolved) => {
    await snapshot?.write(resolved).catch((err: unknown) => {
      logger.warn({ err, file: snapshot.file }, 'the configuration could not be kept on the disk');
    });
  };
  try {
    const beginning = { application, updates, accept, snapshot, optional, timeout, signal };
    const begun = await begin(beginning);
    const { status, resolved } = begun;
    if (status.state === 'live' && resolved !== undefined) await keep(resolved);
    else logger.warn({ application, status }, 'the configuration may be old');
    return new Config({ application, accept, source, updates, stop, begun, keep, logger });
  } catch (error) {
    stop.abort();
    await source.close?.();
    throw error;
  }
}

function requestOf(options: ConfigOptions): ConfigRequest {
  const { application, profile = [], instance, address, labels, secrets = false } = options;
  const profiles = typeof profile === 'string' ? profile.split(',') : profile;
  return {
    ...{ application, instance, address, labels, secrets },
    profiles: profiles.map((each) => each.trim()).filter((each) => each !== ''),
  };
}

function overHttp({ server, token }: ConfigOptions): ConfigSource {
  const named = server ?? process.env.MESHKEEPER_SERVER ?? SERVER;
  const servers = typeof named === 'string' ? named.split(',') : named;
  return new HttpSource({
    servers: servers.map((each) => each.trim()).filter((each) => each !== ''),
    token: token ?? process.env.MESHKEEPER_TOKEN,
  });
}
