import { existsSync } from 'node:fs';
import type { Config, PartialConfig } from '@meshkeeper/control-plane';
import type { Command } from 'commander';
import type { GlobalOptions } from './global-options.ts';

/** The flags of commands that run a control plane. */
export interface ControlPlaneFlags {
  readonly zookeeper?: string;
  readonly apiListen?: string;
  readonly xdsListen?: string;
  readonly dnsListen?: string;
  readonly gatewayListen?: string;
  readonly insecure?: boolean;
}

/** Read when no `--config` is given and it is there. */
const DEFAULT_FILE = 'meshkeeper.yaml';

/** Declares those flags. */
export function withControlPlaneFlags(command: Command): Command {
  return command
    .option('--zookeeper <connect>', 'the ensemble: host:port,host:port/chroot')
    .option('--api-listen <host:port>', 'where the API listens (default: 127.0.0.1:7070)')
    .option('--xds-listen <host:port>', 'where the xDS server listens (default: 127.0.0.1:7071)')
    .option('--dns-listen <host:port>', 'where DNS is answered (default: 127.0.0.1:7053)')
    .option('--insecure', 'allow listeners beyond loopback, although there is no authentication');
}

/** The configuration: file, then environment, then flags. */
export async function configurationOf(
  options: ControlPlaneFlags & GlobalOptions,
  over: PartialConfig = {},
): Promise<Config> {
  const { loadConfig } = await import('@meshkeeper/control-plane');
  const file = options.config ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined);
  const { zookeeper, apiListen, xdsListen, dnsListen, gatewayListen, insecure } = options;
  const listener = (listen: string | undefined): PartialConfig => ({
    ...(listen !== undefined && { listen }),
    ...(insecure && { insecure }),
  });
  const flags: PartialConfig = {
    ...(zookeeper !== undefined && { zookeeper: { connect: zookeeper } }),
    controlPlane: {
      api: listener(apiListen),
      xds: listener(xdsListen),
      dns: listener(dnsListen),
    },
    gateway: listener(gatewayListen),
    ...over,
  };
  return loadConfig({ file, env: process.env, flags });
}
