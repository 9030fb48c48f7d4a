import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ApiClient, segment } from '../api-client.ts';
import { confirm, mustBeAsked, YES } from '../confirm.ts';
import { duration } from '../duration.ts';
import { withExamples } from '../examples.ts';
import { CliError, ExitCode } from '../exit-code.ts';
import { type GlobalOptions, optionsOf } from '../global-options.ts';
import { writeCertificate } from '../identity/certificate-files.ts';
import {
  type AuthoritiesView,
  authorityTable,
  type CertificateView,
  certificateTable,
} from '../identity/views.ts';
import { print } from '../output/format.ts';

interface IssueFlags {
  readonly ttl?: number;
  readonly dir: string;
  readonly dns?: readonly string[];
  readonly csr?: string;
}

interface IssuedView extends CertificateView {
  readonly certificate: string;
  readonly bundle: string;
}

/** Certificates that are asked for at a time. */
const PAGE = 1_000;
const REASONS = [
  ...['unspecified', 'key-compromise', 'affiliation-changed', 'superseded'],
  ...['cessation-of-operation', 'privilege-withdrawn'],
];

/** Commands for certificates: who services are. */
export function addIdentityCommands(program: Command): void {
  const identity = program
    .command('identity')
    .description('certificates of services: who they are to each other');
  addIssue(identity);
  addList(identity);
  addRotate(identity);
  addRevoke(identity);
}

function addIssue(identity: Command): void {
  withExamples(
    identity
      .command('issue')
      .argument('<service>', 'whose certificate it is, as the catalog has it', notEmpty)
      .option('--ttl <duration>', 'how long it is good (default: as configured, 24h)', duration)
      .option('--dir <dir>', 'where cert.pem, key.pem and bundle.pem are written', '.')
      .option('--dns <name...>', 'DNS names besides those that the mesh has for it')
      .option('--csr <file>', 'a request (PEM) that was made elsewhere, where its key stays')
      .description('have a service certified; its key is made here, and leaves for nowhere')
      .action(async (service: string, _: unknown, command: Command) => {
        const options = optionsOf<IssueFlags>(command);
        const { csr, key } = await requestOf(options);
        const { certificate, bundle, ...issued } = await new ApiClient(options).post<IssuedView>(
          '/identity/certificates',
          { service, csr, ...(options.ttl !== undefined && { ttl: options.ttl }) },
        );
        const files = await writeCertificate(options.dir, { key, bundle, certificate });
        await print({ ...issued, files }, options.output, (shown) => {
          const { head, rows } = certificateTable([shown]);
          return {
            head: [...head, 'FILES'],
            rows: rows.map((row) => [...row, files.join(' ')]),
          };
        });
      }),
    [
      'meshkeeper identity issue orders --dir /etc/orders/tls',
      'meshkeeper identity issue orders --ttl 12h --dns orders.shop.internal',
      'meshkeeper identity issue orders --csr orders.csr',
    ],
  );
}

function addList(identity: Command): void {
  withExamples(
    identity
      .command('list')
      .option('--service <name>', 'only those of this service')
      .description('the certificates that were issued, and have not expired')
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<{ readonly service?: string }>(command);
        const certificates = await listed(options);
        await print({ certificates }, options.output, () =>
          certificates.length === 0
            ? 'no certificates yet: "meshkeeper identity issue SERVICE" makes one'
            : certificateTable(certificates),
        );
      }),
    ['meshkeeper identity list', 'meshkeeper identity list --service orders -o json'],
  );
}

function addRotate(identity: Command): void {
  withExamples(
    identity
      .command('rotate')
      .option('--finish', 'trust those no more that were rotated out, and nothing of theirs')
      .option(...YES)
      .description('have another authority sign from now on, or finish that')
      .action(async (_: unknown, command: Command) => {
        const options = optionsOf<{ readonly finish?: boolean; readonly yes?: boolean }>(command);
        const changed = await (options.finish ? finish(options) : rotate(options));
        await print(changed, options.output, authorityTable);
      }),
    ['meshkeeper identity rotate', 'meshkeeper identity rotate --finish --yes'],
    [
      'Without --finish the one that signed is trusted until the last of its certificates has expired.',
      'It vouches for the new one: nobody has to get the new bundle before.',
    ],
  );
}

function addRevoke(identity: Command): void {
  withExamples(
    identity
      .command('revoke')
      .argument('<serial>', 'as "meshkeeper identity list" shows it, or OpenSSL', notEmpty)
      .addOption(new Option('--reason <reason>', 'why').choices(REASONS).default('unspecified'))
      .description('have a certificate count no more, for those who look at the list of them')
      .action(async (serial: string, _: unknown, command: Command) => {
        const options = optionsOf<{ readonly reason: string }>(command);
        const { reason } = options;
        const path = `/identity/certificates/${segment(serial)}/revoke`;
        const revoked = await new ApiClient(options).post<CertificateView>(path, { reason });
        await print(revoked, options.output, (shown) => certificateTable([shown]));
      }),
    ['meshkeeper identity revoke 4d00079c50394cbd29508a04f2cfe1e5d6 --reason key-compromise'],
    ['The list is at GET /api/v1/identity/crl: who checks certificates has to read it.'],
  );
}

/** A request that was made elsewhere, or one that is made here, with its key. */
async function requestOf({
  csr,
  dns,
}: IssueFlags): Promise<{ readonly csr: string; readonly key?: string }> {
  if (csr === undefined) {
    const { createRequest } = await import('@meshkeeper/identity');
    return createRequest(dns);
  }
  if (dns !== undefined)
    throw new CliError('a request says itself which names it is for: leave --dns', ExitCode.USAGE);
  try {
    return { csr: await readFile(csr, 'utf8') };
  } catch (cause) {
    throw new CliError(`${csr} can't be read: ${(cause as Error).message}`, ExitCode.USAGE, {
      cause,
    });
  }
}

/** All of them, page by page. */
async function listed({
  service,
  ...options
}: GlobalOptions & { readonly service?: string }): Promise<readonly CertificateView[]> {
  const api = new ApiClient(options);
  const all: CertificateView[] = [];
  const query = new URLSearchParams({ limit: String(PAGE), ...(service && { service }) });
  for (;;) {
    const { certificates, next } = await api.get<{
      readonly certificates: readonly CertificateView[];
      readonly next?: string;
    }>(`/identity/certificates?${query}`);
    all.push(...certificates);
    if (next === undefined) return all;
    query.set('cursor', next);
  }
}

async function rotate(options: GlobalOptions): Promise<AuthoritiesView> {
  return new ApiClient(options).post<AuthoritiesView>('/identity/authorities', undefined);
}

async function finish(
  options: GlobalOptions & { readonly yes?: boolean },
): Promise<AuthoritiesView> {
  mustBeAsked(options.yes);
  const api = new ApiClient(options);
  const trusted = await api.get<AuthoritiesView>('/identity/authorities');
  const retiring = trusted.authorities.filter(({ state }) => state === 'retiring');
  if (retiring.length === 0) {
    process.stderr.write('no rotation is under way\n');
    return trusted;
  }
  if (!options.yes)
    await confirm(
      'Trust them no more? Who has one of their certificates is refused from then on.',
      retiring.map(
        ({ id, unexpired }) => `${id}, of which ${unexpired} certificates are unexpired`,
      ),
    );
  for (const { id } of retiring) await api.delete(`/identity/authorities/${segment(id)}`);
  return api.get<AuthoritiesView>('/identity/authorities');
}

function notEmpty(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('It is empty.');
}
