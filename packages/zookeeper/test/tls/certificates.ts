import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate with its key: PEM files and what they hold. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** Certificate and key in one file, as ZooKeeper wants them. */
  readonly bothFile: string;
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs certificates, with OpenSSL. */
export class Authority {
  readonly #folder: string;
  readonly own: Certificate;

  private constructor(folder: string, own: Certificate) {
    this.#folder = folder;
    this.own = own;
  }

  static async create(folder: string, name: string): Promise<Authority> {
    return new Authority(
      folder,
      await create(folder, name, ['-addext', 'basicConstraints=critical,CA:TRUE']),
    );
  }

  /** `names`: `DNS:localhost`, `IP:127.0.0.1`, … */
  issue(name: string, names: readonly string[]): Promise<Certificate> {
    const { certFile, keyFile } = this.own;
    const alternative = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`];
    return create(this.#folder, name, ['-CA', certFile, '-CAkey', keyFile, ...alternative]);
  }
}

/** An encrypted copy of a key's file: in PKCS #8, or in PEM's own older way. */
export async function encrypted(
  keyFile: string,
  passphrase: string,
  form: 'pkcs8' | 'traditional',
): Promise<string> {
  const out = `${keyFile}.${form}`;
  const how = form === 'pkcs8' ? ['pkcs8', '-topk8', '-v2', 'aes-256-cbc'] : ['ec', '-aes256'];
  await run('openssl', [...how, '-in', keyFile, '-out', out, '-passout', `pass:${passphrase}`]);
  return out;
}

async function create(folder: string, name: string, more: readonly string[]): Promise<Certificate> {
  const file = (end: string) => join(folder, `${name}${end}`);
  const [certFile, keyFile, bothFile] = [file('.pem'), file('-key.pem'), file('-both.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const args = [
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    keyFile,
    '-out',
    certFile,
  ];
  await run('openssl', ['req', ...args, ...more]);
  const texts = [await readFile(certFile, 'utf8'), await readFile(keyFile, 'utf8')] as const;
  await writeFile(bothFile, texts.join(''));
  return { certFile, keyFile, bothFile, cert: texts[0], key: texts[1] };
}
