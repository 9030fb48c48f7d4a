import { randomBytes } from 'node:crypto';

/** What serials begin with: so the number is positive, and never loses a byte. */
const FIRST = '4d';
const SERIAL = /^4d([0-9a-f]{8})[0-9a-f]{24}$/;
const HOUR = 3_600_000;

/**
 * The number of a certificate, hexadecimal, as OpenSSL shows it but for the case: the hour until which
 * it is kept, and 96 random bits. So it says itself where it is kept, and until when.
 * @param notAfter in milliseconds since the epoch
 */
export function newSerial(notAfter: number): string {
  const hour = lastHour(notAfter).toString(16).padStart(8, '0');
  return `${FIRST}${hour}${randomBytes(12).toString('hex')}`;
}

/** The hour that a certificate is kept until, counted from the epoch; undefined: it is no serial. */
export function hourOf(serial: string): number | undefined {
  const [, hour] = SERIAL.exec(serial) ?? [];
  return hour === undefined ? undefined : Number.parseInt(hour, 16);
}

/** A serial as it is kept, of one as it is shown: capital letters, colons. */
export function plainSerial(text: string): string {
  return text.replaceAll(':', '').toLowerCase();
}

/** The first hour at whose beginning it has expired. */
function lastHour(notAfter: number): number {
  return Math.floor(notAfter / HOUR) + 1;
}

/** The hour that it is. */
export function hourAt(time: number): number {
  return Math.floor(time / HOUR);
}
