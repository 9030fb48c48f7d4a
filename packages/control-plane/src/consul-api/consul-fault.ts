/** What a client of Consul's API is refused: a status, and a line of text. */
export class ConsulFault extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
