import { X509Certificate } from 'node:crypto';
import type { KubernetesObject } from '../api/objects.ts';
import { resource } from '../api/resource.ts';
import type { ServingSecret } from './rotation.ts';

/** core/v1 Secret. */
export interface Secret extends KubernetesObject {
  readonly type?: string;
  /** Base64, by key. */
  readonly data?: Readonly<Record<string, string>>;
}

export const SECRETS = resource<Secret>('', 'v1', 'secrets', 'Secret');

/** What a Secret holds; undefined when that is not what {@link secretData} has written. */
export function servingSecret({ data = {} }: Secret): ServingSecret | undefined {
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  const read = {
    trusted: text('ca.crt'),
    signer: { cert: text('signer.crt'), key: text('signer.key') },
    serving: { cert: text('tls.crt'), key: text('tls.key') },
  };
  const isCertificate = (cert: string) => {
    try {
      return new X509Certificate(cert).raw.length > 0;
    } catch {
      return false;
    }
  };
  const certs = [read.trusted, read.signer.cert, read.serving.cert];
  const keys = [read.signer.key, read.serving.key];
  return certs.every(isCertificate) && keys.every((key) => key !== '') ? read : undefined;
}

/** The data of a Secret of the type `kubernetes.io/tls`. */
export function secretData({ trusted, signer, serving }: ServingSecret): Record<string, string> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return {
    'ca.crt': base64(trusted),
    'signer.crt': base64(signer.cert),
    'signer.key': base64(signer.key),
    'tls.crt': base64(serving.cert),
    'tls.key': base64(serving.key),
  };
}
