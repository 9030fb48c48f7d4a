import { announce } from '../lifecycle.ts';
import type { Output } from '../output/format.ts';
import { createLogger } from '../output/logger.ts';
import { checkOf } from './check.ts';
import { type Companion, startCompanion } from './companion.ts';
import { embeddedPlane, envoyPlane, type SidecarOptions } from './data-plane.ts';

/** What a sidecar is told. Times in milliseconds. */
export interface SidecarSettings extends SidecarOptions {
  readonly dataPlane: 'embedded' | 'envoy';
  readonly server: string;
  readonly token: string | undefined;
  readonly zookeeper: string | undefined;
  readonly dialect: string | undefined;
  /** Where the instance listens; what is registered, and where it is checked. */
  readonly address: string | undefined;
  readonly port: number;
  /** Where it is checked. */
  readonly checkHost: string;
  readonly checkPath: string | undefined;
  readonly checkInterval: number;
  /** Between its leaving the registry and the end of the command. */
  readonly drain: number;
  /** Between SIGTERM and SIGKILL. */
  readonly grace: number;
  readonly command: readonly string[];
  readonly output: Output | undefined;
}

/** Passed on to the command as they are. */
const PASSED_ON = ['SIGHUP', 'SIGUSR2', 'SIGQUIT'] as const;

/**
 * Runs a data plane, then the command, and keeps the instance registered while it is well. Ends with the command, or
 * on SIGTERM and SIGINT: then the instance leaves first, and the command after `drain`, and the data plane last.
 * @returns the exit code
 */
export async function runSidecar(settings: SidecarSettings): Promise<number> {
  const stop = new AbortController();
  const told = Promise.withResolvers<'told'>();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error('told to end'));
    told.resolve('told');
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  await using stack = new AsyncDisposableStack();
  const start = settings.dataPlane === 'envoy' ? envoyPlane : embeddedPlane;
  try {
    const plane = stack.use(await start(settings, stop.signal));
    const companion = companionOf(settings, plane.outbound, stack);
    const ended = companion?.ended ?? new Promise<never>(() => {});
    try {
      const registered = await register(settings, stack);
      const { outbound } = plane;
      const { service, id } = settings;
      announce(
        { outbound },
        settings.output,
        `${service} ${id}: calls to others go to ${outbound} (Ctrl-C ends it)`,
      );
      const first = await Promise.race([told.promise, plane.ended, ended]);
      if (first !== 'told') return first;
      await registered.drain();
      return (await companion?.end(settings.grace)) ?? 0;
    } catch (error) {
      await companion?.end(settings.grace);
      throw error;
    }
  } catch (error) {
    if (stop.signal.aborted) return 0;
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Registers the instance as soon as it is well, and for as long as it is. */
async function register(settings: SidecarSettings, stack: AsyncDisposableStack) {
  const { connect } = await import('@meshkeeper/sdk');
  const { server, token, zookeeper, dialect, service, id, address, port, locality } = settings;
  const { host, port: xdsPort } = settings.xds;
  const mesh = stack.use(
    await connect({
      ...{ server, service, locality, drainOn: false },
      xds: host.includes(':') ? `[${host}]:${xdsPort}` : `${host}:${xdsPort}`,
      ...(token !== undefined && { token }),
      ...(zookeeper !== undefined && { zookeeper }),
      ...(dialect !== undefined && { dialect }),
      logger: await createLogger(settings.verbose),
    }),
  );
  return mesh.register({
    ...{ service, id, port, background: true },
    ...(address !== undefined && { address }),
    readiness: checkOf(settings.checkHost, port, settings.checkPath),
    readinessInterval: settings.checkInterval,
    drain: { delay: settings.drain },
  });
}

function companionOf(
  { command, service }: SidecarSettings,
  outbound: string,
  stack: AsyncDisposableStack,
): Companion | undefined {
  const [program, ...args] = command;
  if (program === undefined) return undefined;
  const companion = startCompanion([program, ...args], {
    MESHKEEPER_SERVICE: service,
    MESHKEEPER_OUTBOUND: outbound,
    HTTP_PROXY: outbound,
    http_proxy: outbound,
    NO_PROXY: 'localhost,127.0.0.1,::1',
    no_proxy: 'localhost,127.0.0.1,::1',
  });
  for (const signal of PASSED_ON) {
    const pass = () => companion.signal(signal);
    process.on(signal, pass);
    stack.defer(() => void process.off(signal, pass));
  }
  return companion;
}
