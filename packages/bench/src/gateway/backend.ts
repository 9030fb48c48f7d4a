/** What all gateways forward to: answers every request with 1 KiB, at as little cost as can be. */
import { createServer } from 'node:net';

const body = 'x'.repeat(1024);
const response = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\ndate: Mon, 01 Jan 2024 00:00:00 GMT\r\n\r\n${body}`,
);
const END = '\r\n\r\n';

const server = createServer({ noDelay: true }, (socket) => {
  let held = '';
  socket.on('data', (bytes) => {
    const text = held + bytes.toString('latin1');
    let from = 0;
    for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END, from)) {
      socket.write(response);
      from = end + END.length;
    }
    held = text.slice(from);
  });
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address) console.log(address.port);
});
