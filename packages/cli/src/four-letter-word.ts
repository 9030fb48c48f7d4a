import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Asks one server of an ensemble by one of its four-letter words. */
export async function fourLetterWord(
  { host, port }: { readonly host: string; readonly port: number },
  word: string,
  timeout: number,
): Promise<string> {
  const socket = connect({ host, port });
  socket.setTimeout(timeout, () => socket.destroy(new Error(`no answer within ${timeout} ms`)));
  try {
    await once(socket, 'connect');
    socket.write(word);
    return await text(socket);
  } finally {
    socket.destroy();
  }
}
