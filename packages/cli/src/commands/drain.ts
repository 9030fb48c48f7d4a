import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { wholeNumber } from '../whole-number.ts';

/** What an operator says of an endpoint. */
interface Overlay {
  readonly drain?: boolean;
  readonly weight?: number;
}

interface OverlayFlags {
  readonly reason?: string;
}

const REASON = ['--reason <text>', 'why, for those who come after'] as const;

/** Commands by which an operator has a word over what the registries say. */
export function addDrainCommands(program: Command): void {
  program
    .command('drain')
    .argument('<service>', 'its name')
    .argument('<endpoint>', 'its id, as "meshkeeper endpoints" shows it')
    .option(...REASON)
    .description('send an endpoint no new requests; those it has are finished')
    .addHelpText('after', '\nExample:\n  meshkeeper drain orders orders-1 --reason "disk is full"')
    .action(async (service: string, endpoint: string, _: unknown, command: Command) => {
      await say(service, endpoint, { drain: true }, optionsOf<OverlayFlags>(command));
      tell(`${service} ${endpoint} is draining; "meshkeeper undrain" takes it back`);
    });
  program
    .command('undrain')
    .argument('<service>', 'its name')
    .argument('<endpoint>', 'its id, as "meshkeeper endpoints" shows it')
    .description('send a drained endpoint requests again')
    .addHelpText('after', '\nExample:\n  meshkeeper undrain orders orders-1')
    .action(async (service: string, endpoint: string, _: unknown, command: Command) => {
      const options = optionsOf(command);
      const api = new ApiClient(options);
      // Where there is no such endpoint, what a former one has left behind goes.
      const { weight } = await overlayOf(service, endpoint, options).catch(ifNotFound({}));
      if (weight !== undefined) await api.put(overlayPath(service, endpoint), { weight });
      else await api.delete(overlayPath(service, endpoint));
      await mustExist(service, endpoint, api);
      tell(`${service} ${endpoint} takes requests again`);
    });
  program
    .command('weight')
    .argument('<service>', 'its name')
    .argument('<endpoint>', 'its id, as "meshkeeper endpoints" shows it')
    .argument(
      '<weight>',
      'its share relative to the others, which have 100; 0 for none',
      wholeNumber,
    )
    .option(...REASON)
    .description('give an endpoint another share of the requests than its registry says')
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper weight orders orders-1 10\n  meshkeeper undrain orders orders-1    # does not touch the weight',
    )
    .action(
      async (service: string, endpoint: string, weight: number, _: unknown, command: Command) => {
        await say(service, endpoint, { weight }, optionsOf<OverlayFlags>(command));
        tell(`${service} ${endpoint} has the weight ${weight}`);
      },
    );
  program
    .command('hold')
    .argument('<service>', 'its name')
    .option('--release', 'end it, and let go all that is held of the service for whatever reason')
    .description("keep a service's endpoints, whatever leaves its registry, until it is released")
    .addHelpText(
      'after',
      '\nExamples:\n  meshkeeper hold orders              # before work on the registry\n' +
        '  meshkeeper hold orders --release    # those that are gone are gone',
    )
    .action(async (service: string, _: unknown, command: Command) => {
      const options = optionsOf<{ readonly release?: boolean }>(command);
      const api = new ApiClient(options);
      const path = `/services/${segment(service)}/hold`;
      if (options.release) await api.delete(path);
      else await api.put(path, {});
      tell(
        options.release
          ? `${service} is released: what its registry lacks is not served any more`
          : `${service} is held: nothing leaves it until "meshkeeper hold ${service} --release"`,
      );
    });
}

/** Says something of an endpoint, beside what was said before. */
async function say(
  service: string,
  endpoint: string,
  overlay: Overlay,
  options: GlobalOptions & OverlayFlags,
): Promise<void> {
  const before = await overlayOf(service, endpoint, options);
  await new ApiClient(options).put(overlayPath(service, endpoint), {
    ...before,
    ...overlay,
    label: userInfo().username,
    ...(options.reason !== undefined && { reason: options.reason }),
  });
}

/** What is said of an endpoint now. */
async function overlayOf(
  service: string,
  endpoint: string,
  options: GlobalOptions,
): Promise<Overlay> {
  const path = `/services/${segment(service)}/endpoints`;
  const { endpoints } = await new ApiClient(options).get<{
    endpoints: readonly { id: string; overlay?: Overlay }[];
  }>(path);
  const { drain, weight } = endpoints.find(({ id }) => id === endpoint)?.overlay ?? {};
  return { ...(drain !== undefined && { drain }), ...(weight !== undefined && { weight }) };
}

/** For `catch`: what stands for something that isn't there. */
function ifNotFound(instead: Overlay) {
  return (error: unknown): Overlay => {
    if (error instanceof CliError && error.exitCode === ExitCode.NOT_FOUND) return instead;
    throw error;
  };
}

async function mustExist(service: string, endpoint: string, api: ApiClient): Promise<void> {
  const path = `/services/${segment(service)}/endpoints`;
  const { endpoints } = await api.get<{ endpoints: readonly { id: string }[] }>(path);
  if (endpoints.some(({ id }) => id === endpoint)) return;
  throw new CliError(`"${service}" has no endpoint "${endpoint}"`, ExitCode.NOT_FOUND);
}

function overlayPath(service: string, endpoint: string): string {
  return `/services/${segment(service)}/endpoints/${segment(endpoint)}/overlay`;
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
