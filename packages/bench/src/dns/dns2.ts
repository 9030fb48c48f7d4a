/** The peer dns2: a server that looks names up in a map, as its README does. Says its port. */
import { createServer, Packet } from 'dns2';
import { addressOf, ENDPOINTS, NAMES } from './world.ts';

const addresses = new Map(
  NAMES.map((name, i) => [
    `${name}.mesh`,
    Array.from({ length: ENDPOINTS }, (_, j) => addressOf(i, j)),
  ]),
);

const server = createServer({
  udp: true,
  handle(request, send) {
    const response = Packet.createResponseFromRequest(request);
    const [question] = request.questions;
    const { name = '' } = question ?? {};
    for (const address of addresses.get(name) ?? [])
      response.answers.push(
        new Packet.Resource({ name, type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: 0, address }),
      );
    send(response);
  },
});
const { udp } = await server.listen({ udp: { port: 0, address: '127.0.0.1' } });
console.log(udp?.port);
