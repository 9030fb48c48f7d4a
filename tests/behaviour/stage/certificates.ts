import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Makes certificates in the layout in which data planes have them; each is for a host, and an authority. */
export async function makeCertificates(
  folder: string,
  hosts: Readonly<Record<string, string>>,
): Promise<void> {
  await Promise.all(
    Object.entries(hosts).map(async ([name, host]) => {
      const own = join(folder, name);
      await mkdir(own, { recursive: true });
      const certificate = join(own, 'tls.crt');
      await run('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-days', '2', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${host}`],
        ...['-keyout', join(own, 'tls.key'), '-out', certificate],
      ]);
      await run('cp', [certificate, join(own, 'ca.crt')]);
    }),
  );
}
