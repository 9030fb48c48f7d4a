import { crc32 } from 'node:zlib';

/** JSON as a line of a file: its checksum before it. */
export function encodeLine(json: string): string {
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** The JSON of a line without its end; undefined when it isn't as it was written. */
export function decodeLine(line: string): string | undefined {
  const json = line.slice(9);
  const whole = line[8] === ' ' && Number.parseInt(line.slice(0, 8), 16) === crc32(json);
  return whole ? json : undefined;
}
