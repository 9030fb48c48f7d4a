import { hostname } from 'node:os';
import type { Command } from 'commander';
import { optionsOf } from '../global-options.ts';
import { type HostPort, hostPort, listenerAddress } from '../host-port.ts';
import { announce, runUntilSignal } from '../lifecycle.ts';

interface Flags {
  readonly xds: string;
  readonly gatewayListen: string;
  readonly id?: string;
  readonly insecure?: boolean;
}

export function addProxyCommand(program: Command): void {
  program
    .command('proxy')
    .description('run the embedded data plane alone, as a gateway')
    .option('--xds <host:port>', 'xDS server of the control plane', '127.0.0.1:7071')
    .option('--gateway-listen <host:port>', 'where the gateway listens', '127.0.0.1:7080')
    .option('--insecure', 'listen beyond loopback, although there is no authentication')
    .option('--id <id>', 'its name at the control plane (default: host name and process id)')
    .addHelpText(
      'after',
      '\nExample:\n  meshkeeper proxy --xds 10.0.0.5:7071 --gateway-listen 127.0.0.1:8080',
    )
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<Flags>(command);
      await runUntilSignal(async (stack, signal) => {
        const gateway = await runGateway(stack, signal, {
          xds: options.xds,
          listen: listenerAddress(options.gatewayListen, '--gateway-listen', options.insecure),
          id: options.id ?? `${hostname()}-${process.pid}`,
          verbose: options.verbose,
        });
        announce({ gateway }, options.output, `gateway on ${gateway} (Ctrl-C ends it)`);
      });
    });
}

/** Runs the embedded proxy as a gateway on the stack, and gives its URL. */
export async function runGateway(
  stack: AsyncDisposableStack,
  signal: AbortSignal,
  options: {
    readonly xds: string;
    readonly listen: HostPort;
    readonly id: string;
    readonly verbose?: boolean | undefined;
  },
): Promise<string> {
  const { startProxy } = await import('@meshkeeper/proxy');
  const { createLogger } = await import('../output/logger.ts');
  const proxy = stack.use(
    await startProxy(
      {
        xds: { address: hostPort(options.xds, '--xds') },
        node: { id: options.id, cluster: 'gateway' },
        listeners: { gateway: options.listen },
        drainTimeout: 1000,
        logger: await createLogger(options.verbose),
      },
      { signal },
    ),
  );
  const bound = proxy.listeners.get('gateway')!; // asked for, so that it is there once it is ready
  return `http://${bound.address.includes(':') ? `[${bound.address}]` : bound.address}:${bound.port}`;
}
