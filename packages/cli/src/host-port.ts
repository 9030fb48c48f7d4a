import { CliError, ExitCode } from './exit-code.ts';

/** Reads `host:port`, an IPv6 address in brackets; `flag` is named when it is none. */
export function hostPort(
  text: string,
  flag: string,
): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match !== null && port < 65_536) return { host: match[1] ?? match[2]!, port };
  throw new CliError(`${flag}: "${text}" is no address: write 127.0.0.1:7071`, ExitCode.USAGE);
}
