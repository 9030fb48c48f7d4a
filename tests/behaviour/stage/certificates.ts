import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { certificate } from '@meshkeeper/testbed';

/** Makes certificates in the layout in which data planes have them; each is for a host, and an authority. */
export async function makeCertificates(
  folder: string,
  hosts: Readonly<Record<string, string>>,
): Promise<void> {
  await Promise.all(
    Object.entries(hosts).map(async ([name, host]) => {
      const own = join(folder, name);
      await mkdir(own, { recursive: true });
      const { cert, key } = await certificate(own, name, { hosts: [host] });
      const copies = { 'tls.crt': cert, 'ca.crt': cert, 'tls.key': key };
      await Promise.all(Object.entries(copies).map(([to, from]) => copyFile(from, join(own, to))));
    }),
  );
}
