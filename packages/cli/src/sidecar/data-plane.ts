import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Locality } from '@meshkeeper/mesh';
import { CliError } from '../exit-code.ts';
import type { HostPort } from '../host-port.ts';
import { createLogger } from '../output/logger.ts';

/** What a data plane beside an instance is told. */
export interface SidecarOptions {
  readonly xds: HostPort;
  readonly id: string;
  readonly service: string;
  readonly locality: Partial<Locality>;
  readonly outbound: HostPort;
  /** Of Envoy: its program. */
  readonly envoy: string;
  /** Of Envoy: its administration. */
  readonly admin: HostPort;
  readonly verbose: boolean | undefined;
}

/** A data plane that serves. */
export interface SidecarPlane extends AsyncDisposable {
  /** `http://host:port`, where calls to others go. */
  readonly outbound: string;
  /** Rejects when it ends by itself. */
  readonly ended: Promise<never>;
}

/** Milliseconds until Envoy has to be ready, between two looks, and until it has to be gone. */
const READY = 30_000;
const LOOK = 50;
const GONE = 5_000;
/** Milliseconds in which the embedded proxy finishes what it has. */
const DRAIN = 5_000;

/** Runs the embedded proxy in this process. */
export async function embeddedPlane(
  options: SidecarOptions,
  signal: AbortSignal,
): Promise<SidecarPlane> {
  const { startProxy } = await import('@meshkeeper/proxy');
  const { region = '', zone = '', subzone = '' } = options.locality;
  const proxy = await startProxy(
    {
      xds: { address: options.xds },
      node: {
        id: options.id,
        cluster: options.service,
        locality: { region, zone, subzone },
      },
      listeners: { outbound: options.outbound },
      drainTimeout: DRAIN,
      logger: await createLogger(options.verbose),
    },
    { signal },
  );
  const bound = proxy.listeners.get('outbound')!; // asked for, so that it is there once it is ready
  return {
    outbound: url(bound.address, bound.port),
    ended: new Promise(() => {}),
    [Symbol.asyncDispose]: () => proxy.close(),
  };
}

/** Runs Envoy as a child, with our bootstrap. @throws CliError when it can't be run, or is not ready in time */
export async function envoyPlane(
  options: SidecarOptions,
  signal: AbortSignal,
): Promise<SidecarPlane> {
  const { envoyBootstrap } = await import('@meshkeeper/xds');
  const folder = await mkdtemp(join(tmpdir(), 'meshkeeper-envoy-'));
  const config = join(folder, 'envoy.json');
  const address = join(folder, 'admin');
  const { outbound, admin, service: cluster, id, locality } = options;
  const bootstrap = envoyBootstrap({
    xds: options.xds,
    node: { id, cluster, locality },
    outbound: text(outbound),
    admin: text(admin),
    apiType: 'DELTA_GRPC',
  });
  await writeFile(config, JSON.stringify(bootstrap));
  const level = options.verbose ? 'info' : 'warning';
  const args = ['-c', config, '--admin-address-path', address, '-l', level];
  // Of its own accord it takes part in hot restarts, of which there may be one a machine.
  const child = spawn(options.envoy, [...args, '--disable-hot-restart'], {
    stdio: ['ignore', 2, 2],
    detached: true, // Ctrl-C is this process's to handle: Envoy ends last
  });
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const late = setTimeout(() => child.kill('SIGKILL'), GONE);
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      clearTimeout(late);
    }
    await rm(folder, { recursive: true, force: true });
  };
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = new Promise<never>((_, reject) => {
    child.once('error', (cause) =>
      reject(
        new CliError(`${options.envoy} can't be run: say where Envoy is with --envoy`, undefined, {
          cause,
        }),
      ),
    );
    child.once('exit', (code, by) => reject(new CliError(`Envoy has ended: ${by ?? code}`)));
  });
  ended.catch(() => {}); // whoever waits for it is told
  try {
    const bound = await Promise.race([ended, outboundOf(address, signal)]);
    return { outbound: bound, ended, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Where Envoy listens for calls to others, once it is ready. */
async function outboundOf(addressFile: string, signal: AbortSignal): Promise<string> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(READY)]);
  for (;;) {
    try {
      const admin = (await readFile(addressFile, 'utf8')).trim();
      const ready = await fetch(`http://${admin}/ready`, { signal: late });
      const answer = await fetch(`http://${admin}/listeners?format=json`, { signal: late });
      const { listener_statuses: listeners = [] } = (await answer.json()) as Listeners;
      const own = listeners.find(({ name }) => name === 'outbound')?.local_address.socket_address;
      if (ready.ok && own !== undefined) return url(own.address, own.port_value);
    } catch {
      // It is only starting.
    }
    signal.throwIfAborted();
    if (late.aborted)
      throw new CliError(
        `Envoy was not ready within ${READY / 1_000} s: does it reach the control plane (--xds)?`,
      );
    await pause(LOOK);
  }
}

/** The part of Envoy's answer that is read. */
interface Listeners {
  readonly listener_statuses?: readonly {
    readonly name: string;
    readonly local_address: {
      readonly socket_address: { readonly address: string; readonly port_value: number };
    };
  }[];
}

function url(host: string, port: number): string {
  return `http://${text({ host, port })}`;
}

function text({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
