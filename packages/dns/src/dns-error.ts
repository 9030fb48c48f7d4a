/** What can go wrong for whoever starts a DNS server; what goes wrong with a question is its answer. */
export type DnsErrorCode = 'listen-failed';

/** An error of this package. */
export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly code: DnsErrorCode;

  constructor(code: DnsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
