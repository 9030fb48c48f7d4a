import type { Command } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';
import { type ExplanationView, explanationText } from '../output/explanation.ts';
import { print } from '../output/format.ts';

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .argument('<name>', 'the service')
    .argument('[endpoint]', 'one of its endpoints: an id, or an address')
    .option('--proxy <id>', 'how it arrives at that data plane alone')
    .description(
      'why a service is served as it is: from its znodes to what each data plane has acknowledged',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper explain orders\n  meshkeeper explain orders 10.0.0.1:8080\n  meshkeeper explain orders --proxy checkout-web1',
    )
    .action(async (name: string, endpoint: string | undefined, _: unknown, command: Command) => {
      const options = optionsOf<{ readonly proxy?: string }>(command);
      const query = new URLSearchParams();
      if (endpoint !== undefined) query.set('endpoint', endpoint);
      if (options.proxy !== undefined) query.set('proxy', options.proxy);
      const path = `/explain/${segment(name)}?${query}`;
      const data = await new ApiClient(options).get<ExplanationView>(path);
      await print(data, options.output, explanationText);
      const found =
        endpoint === undefined ? data.served : data.endpoints.some(({ served }) => served);
      // Who names a data plane asks whether that one has it.
      const arrives = options.proxy === undefined || data.verdict.stopsAt !== 'data-plane';
      process.exitCode = found && arrives ? ExitCode.DONE : ExitCode.NOT_FOUND;
    });
}
