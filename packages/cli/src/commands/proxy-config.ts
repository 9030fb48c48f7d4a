import { Argument, type Command, Option } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { filtered, proxyConfigText, SUBJECTS, type Subject } from '../output/proxy-config/text.ts';
import type { ProxyConfigView } from '../output/proxy-config/view.ts';
import { wholeNumber } from '../whole-number.ts';

interface Flags {
  readonly name?: string;
  readonly fqdn?: string;
  readonly port?: number;
}

export function addProxyConfigCommand(program: Command): void {
  program
    .command('proxy-config')
    .argument('<id>', 'the data plane, as proxy-status calls it')
    .addArgument(
      new Argument('[what]', 'one type of resources; an overview without it').choices(
        Object.keys(SUBJECTS),
      ),
    )
    .option('--name <text>', 'those whose name, or one of whose hosts, holds that text')
    .addOption(new Option('--fqdn <text>', 'the same as --name').conflicts('name'))
    .option('--port <n>', 'endpoints and listeners with that port', wholeNumber)
    .description(
      'what a data plane is served, and whether it has accepted it; -o json has all of it',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper proxy-config checkout-web1\n  meshkeeper proxy-config checkout-web1 endpoints --name orders\n  meshkeeper proxy-config checkout-web1 clusters --name orders -o yaml',
    )
    .action(async (id: string, what: Subject | undefined, _: unknown, command: Command) => {
      const options = optionsOf<Flags>(command);
      const wanted = { name: options.name ?? options.fqdn, port: options.port };
      const query = what === undefined ? '' : `?type=${SUBJECTS[what].type}`;
      const path = `/proxies/${segment(id)}/config${query}`;
      const data = filtered(await new ApiClient(options).get<ProxyConfigView>(path), wanted);
      await print(data, options.output, (view) => proxyConfigText(view, what, wanted));
      if (data.streams.every(({ resources }) => resources.length === 0))
        process.exitCode = ExitCode.NOT_FOUND;
    });
}
