import type { Command } from 'commander';
import {
  type ControlPlaneFlags,
  configurationOf,
  withControlPlaneFlags,
} from '../configuration.ts';
import { optionsOf } from '../global-options.ts';
import { announce, runUntilSignal } from '../lifecycle.ts';

export function addControlPlaneCommand(program: Command): void {
  withControlPlaneFlags(
    program
      .command('control-plane')
      .description('run a replica of the control plane on an ensemble of yours'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  meshkeeper control-plane --zookeeper zk1:2181,zk2:2181,zk3:2181',
    )
    .action(async (_: unknown, command: Command) => {
      const options = optionsOf<ControlPlaneFlags>(command);
      await runUntilSignal(async (stack, signal) => {
        const config = await configurationOf(options);
        const { ensembleOf, startControlPlane } = await import('@meshkeeper/control-plane');
        const { createLogger } = await import('../output/logger.ts');
        const logger = await createLogger(options.verbose);
        const { api, xds, dns } = stack.use(
          await startControlPlane({ config, logger }, { signal }),
        );
        const text = `API on ${api}, xDS on ${xds}, DNS on ${dns}, registries from ${ensembleOf(config)} (Ctrl-C ends it)`;
        announce({ api, xds, dns }, options.output, text);
      });
    });
}
