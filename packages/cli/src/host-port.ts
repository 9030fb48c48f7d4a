import { isIP } from 'node:net';
import { CliError, ExitCode } from './exit-code.ts';

/** An address and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** The inverse of {@link hostPort}. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads `host:port`, an IPv6 address in brackets; `flag` is named when it is none. */
export function hostPort(text: string, flag: string): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match !== null && port < 65_536) return { host: match[1] ?? match[2]!, port };
  throw new CliError(`${flag}: "${text}" is no address: write 127.0.0.1:7071`, ExitCode.USAGE);
}

/**
 * The address of a listener that has no authentication: it is refused beyond loopback, unless
 * somebody said by `--insecure` that this is meant.
 */
export function listenerAddress(
  text: string,
  flag: string,
  insecure: boolean | undefined,
): HostPort {
  const address = hostPort(text, flag);
  const { host } = address;
  const loopback =
    host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
  if (loopback || insecure) return address;
  throw new CliError(
    `${flag}: ${host} can be reached from other machines, and there is no authentication: listen on 127.0.0.1, or say --insecure`,
    ExitCode.USAGE,
  );
}
