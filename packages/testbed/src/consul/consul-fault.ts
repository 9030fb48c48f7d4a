/** What Consul refuses: the answer is the message, as plain text. */
export class ConsulFault extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
