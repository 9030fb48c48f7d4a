import type { Command } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';

export function addDrainCommands(program: Command): void {
  program
    .command('drain')
    .argument('<service>')
    .argument('<endpoint>', 'its id, as "meshkeeper endpoints" shows it')
    .description('send an endpoint no new requests; those it has are finished')
    .addHelpText('after', '\nExample:\n  meshkeeper drain orders orders-1')
    .action(async (service: string, endpoint: string, _: unknown, command: Command) => {
      await new ApiClient(optionsOf(command)).put(overlayPath(service, endpoint), { drain: true });
      process.stderr.write(
        `${service} ${endpoint} is draining; "meshkeeper undrain" takes it back\n`,
      );
    });
  program
    .command('undrain')
    .argument('<service>')
    .argument('<endpoint>')
    .description('send a drained endpoint requests again')
    .action(async (service: string, endpoint: string, _: unknown, command: Command) => {
      const api = new ApiClient(optionsOf(command));
      // First, so that what a former endpoint has left behind goes too.
      await api.delete(overlayPath(service, endpoint));
      const path = `/services/${segment(service)}/endpoints`;
      const { endpoints } = await api.get<{ endpoints: readonly { id: string }[] }>(path);
      if (!endpoints.some(({ id }) => id === endpoint))
        throw new CliError(`"${service}" has no endpoint "${endpoint}"`, ExitCode.NOT_FOUND);
      process.stderr.write(`${service} ${endpoint} takes requests again\n`);
    });
}

function overlayPath(service: string, endpoint: string): string {
  return `/services/${segment(service)}/endpoints/${segment(endpoint)}/overlay`;
}
