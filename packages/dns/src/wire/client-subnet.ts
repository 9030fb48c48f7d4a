/** On whose behalf a resolver asks: RFC 7871. */
export interface ClientSubnet {
  /** The first address of the network. */
  readonly address: string;
  /** Bits of it that are stated. */
  readonly prefix: number;
  /** The option as it came, to be sent back with the scope. */
  readonly option: Buffer;
}

const CLIENT_SUBNET = 8;
/** Bytes of an address by family: IANA's address family numbers. */
const FAMILIES: Readonly<Record<number, number>> = { 1: 4, 2: 16 };

/** The client subnet among the options of an OPT record, which are the bytes from `start` to `end`. */
export function clientSubnetOf(
  bytes: Buffer,
  start: number,
  end: number,
): ClientSubnet | undefined | 'malformed' {
  let subnet: ClientSubnet | undefined;
  for (let at = start; at < end; ) {
    if (at + 4 > end) return 'malformed';
    const next = at + 4 + bytes.readUInt16BE(at + 2);
    if (next > end) return 'malformed';
    if (bytes.readUInt16BE(at) === CLIENT_SUBNET) {
      const read = readSubnet(bytes.subarray(at, next));
      if (read === undefined || subnet !== undefined) return 'malformed';
      subnet = read;
    }
    at = next;
  }
  return subnet;
}

/** The option with the scope that the answer is for: all that was stated. */
export function echoedSubnet({ option, prefix }: ClientSubnet): Buffer {
  const echo = Buffer.from(option);
  echo[7] = prefix;
  return echo;
}

function readSubnet(option: Buffer): ClientSubnet | undefined {
  if (option.length < 8) return undefined;
  const size = FAMILIES[option.readUInt16BE(4)];
  const prefix = option[6]!;
  const stated = option.subarray(8);
  if (size === undefined || prefix > size * 8 || stated.length !== Math.ceil(prefix / 8))
    return undefined;
  const whole = Buffer.concat([stated, Buffer.alloc(size - stated.length)]);
  const groups = Array.from({ length: size / 2 }, (_, i) => whole.readUInt16BE(i * 2).toString(16));
  const address = size === 4 ? whole.join('.') : groups.join(':');
  return { address, prefix, option: Buffer.from(option) };
}
