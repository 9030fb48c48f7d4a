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
    .description('why a service is served as it is: from its znodes to what the data planes get')
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper explain orders\n  meshkeeper explain orders 10.0.0.1:8080',
    )
    .action(async (name: string, endpoint: string | undefined, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const all = await new ApiClient(options).get<ExplanationView>(`/explain/${segment(name)}`);
      const data = endpoint === undefined ? all : only(all, endpoint);
      await print(data, options.output, explanationText);
      const found =
        endpoint === undefined ? data.served : data.endpoints.some(({ served }) => served);
      process.exitCode = found ? ExitCode.DONE : ExitCode.NOT_FOUND;
    });
}

/** The part that concerns an endpoint, called by its id, its address, or both with the port. */
function only(all: ExplanationView, wanted: string): ExplanationView {
  const is = ({ id, address, port }: { id: string; address: string; port: number }) =>
    [id, address, `${address}:${port}`, `[${address}]:${port}`].includes(wanted);
  return {
    ...all,
    endpoints: all.endpoints.filter(is),
    gone: all.gone.filter(({ endpoint }) => is(endpoint)),
    problems: all.problems.filter(({ path }) => path.includes(wanted)),
  };
}
