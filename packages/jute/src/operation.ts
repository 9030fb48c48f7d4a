import type { Type } from './type.ts';

/** One row of the protocol: what a request of `opcode` holds and what answers it. */
export interface Operation<Req = unknown, Res = unknown> {
  readonly opcode: number;
  readonly request: Type<Req>;
  /** The body of the reply; it is there only when the reply's `err` is 0. */
  readonly response: Type<Res>;
}

export function operation<Req, Res>(
  opcode: number,
  request: Type<Req>,
  response: Type<Res>,
): Operation<Req, Res> {
  return { opcode, request, response };
}
