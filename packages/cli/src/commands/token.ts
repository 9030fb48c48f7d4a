import { userInfo } from 'node:os';
import type { Role } from '@meshkeeper/control-plane';
import { type Command, InvalidArgumentError } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { withExamples } from '../examples.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { optionsOf } from '../global-options.ts';
import { print } from '../output/format.ts';
import { openZooKeeper } from './zk/access.ts';

interface TokenView {
  readonly name: string;
  readonly roles: readonly string[];
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt?: string;
  readonly expired: boolean;
}

interface CreateFlags {
  readonly role: readonly Role[];
  readonly expires?: number;
  readonly zookeeper?: string;
}

const ROLES = 'viewer, editor, publisher, operator, admin; secret beside another';

/** Commands for the tokens by which the API knows who calls. */
export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('tokens for the API: who may do what');
  withExamples(
    token
      .command('create')
      .argument('<name>', 'what it is called in lists and in the audit')
      .requiredOption('--role <role...>', ROLES)
      .option('--expires <duration>', '30d, 12h; without it, until it is revoked', lifetime)
      .option('--zookeeper <connect>', 'straight in an ensemble: for the first one')
      .description('make a token; it is printed this once')
      .action(async (name: string, _: unknown, command: Command) => {
        const options = optionsOf<CreateFlags>(command);
        const made =
          options.zookeeper === undefined
            ? await new ApiClient(options).post<TokenView & { readonly token: string }>('/tokens', {
                ...{ name, roles: options.role },
                ...(options.expires !== undefined && { expiresIn: options.expires }),
              })
            : await createStraight(name, { ...options, zookeeper: options.zookeeper });
        await print(made, options.output, ({ token: text }) => text);
      }),
    [
      'meshkeeper token create ci --role publisher --expires 30d',
      'meshkeeper token create ana --role admin --zookeeper zk1:2181',
    ],
  );
  withExamples(
    token
      .command('list')
      .description('the tokens there are, without what they are')
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf(command);
        const data = await new ApiClient(options).get<{ tokens: readonly TokenView[] }>('/tokens');
        await print(data, options.output, ({ tokens }) =>
          tokens.length === 0
            ? 'no tokens yet: "meshkeeper token create NAME --role viewer" makes one'
            : {
                head: ['NAME', 'ROLES', 'EXPIRES', 'MADE', 'BY'],
                rows: tokens.map(({ name, roles, expiresAt, expired, createdAt, createdBy }) => [
                  name,
                  roles.join(','),
                  expired ? 'expired' : (expiresAt ?? '-'),
                  createdAt,
                  createdBy,
                ]),
              },
        );
      }),
    ['meshkeeper token list'],
  );
  withExamples(
    token
      .command('revoke')
      .argument('<name>', 'as "meshkeeper token list" shows it')
      .description('take a token back, at once')
      .action(async (name: string, _: unknown, command: Command) => {
        await new ApiClient(optionsOf(command)).delete(`/tokens/${segment(name)}`);
        process.stderr.write(`${name} is revoked\n`);
      }),
    ['meshkeeper token revoke ci'],
  );
}

/** Where nobody may ask the API yet, who may write to the ensemble makes the first token. */
async function createStraight(name: string, options: CreateFlags & { readonly zookeeper: string }) {
  const { TokenStore, ROLES: known, tokenName } = await import('@meshkeeper/control-plane');
  const fault = tokenName.safeParse(name).error?.issues[0]?.message;
  if (fault !== undefined) throw new CliError(`"${name}" is no name: ${fault}`, ExitCode.USAGE);
  const unknown = options.role.find((role) => !known.includes(role));
  if (unknown !== undefined)
    throw new CliError(`there is no role "${unknown}": ${ROLES}`, ExitCode.USAGE);
  const expiresAt = options.expires === undefined ? undefined : Date.now() + options.expires;
  await using zk = await openZooKeeper(options);
  const tokens = new TokenStore(zk, { debug() {}, info() {}, warn() {} });
  const by = `${userInfo().username} (zookeeper)`;
  const { token } = await tokens.create(
    { name, roles: options.role, expiresAt, by },
    AbortSignal.timeout(TIMEOUT),
  );
  return { name, token };
}

/** How long the ensemble has to answer, in milliseconds. */
const TIMEOUT = 10_000;

const UNITS: Readonly<Record<string, number>> = { m: 60e3, h: 3600e3, d: 86_400e3 };

function lifetime(text: string): number {
  const match = /^(\d{1,5})([mhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write 30d, 12h or 90m.');
  return Number(match[1]) * UNITS[match[2]!]!;
}
