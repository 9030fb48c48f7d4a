import { type Command, Option } from 'commander';
import { optionsOf } from '../global-options.ts';

interface Flags {
  readonly service: string;
  readonly dialect: 'curator' | 'spring' | 'plain';
  readonly zookeeper: string;
  readonly gateway: string;
  readonly calls?: string;
}

/** Not for people: what `up --demo` starts, a process for each instance. */
export function addDemoInstanceCommand(program: Command): void {
  program
    .command('demo-instance', { hidden: true })
    .requiredOption('--service <name>')
    .addOption(
      new Option('--dialect <name>').choices(['curator', 'spring', 'plain']).makeOptionMandatory(),
    )
    .requiredOption('--zookeeper <connect>')
    .requiredOption('--gateway <url>')
    .option('--calls <service>')
    .action(async (_: unknown, command: Command) => {
      const { runInstance } = await import('../demo/instance.ts');
      await runInstance(optionsOf<Flags>(command));
    });
}
