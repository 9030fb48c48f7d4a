/** Numbers that lengths, counts and codes are broken with. */
const NASTY = [0, 1, -1, -2, 0x7fff_ffff, -0x8000_0000, 0xffff, 0x0100_0000, 255];

/** A frame with one or a few things wrong. `random`: in [0, 1). */
export function mutate(frame: Buffer, random: () => number): Buffer {
  let mutated: Buffer = Buffer.from(frame);
  const times = 1 + Math.floor(random() * 3);
  for (let i = 0; i < times; i++) mutated = once(mutated, random);
  return mutated;
}

function once(frame: Buffer, random: () => number): Buffer {
  const at = Math.floor(random() * frame.length);
  switch (Math.floor(random() * 6)) {
    case 0: // a bit
      if (frame.length > 0) frame[at]! ^= 1 << Math.floor(random() * 8);
      return frame;
    case 1: // a number where a length may be
      if (frame.length >= 4)
        frame.writeInt32BE(
          NASTY[Math.floor(random() * NASTY.length)]!,
          Math.min(at & ~3, frame.length - 4),
        );
      return frame;
    case 2: // cut short
      return frame.subarray(0, at);
    case 3: // something inserted
      return Buffer.concat([frame.subarray(0, at), Buffer.alloc(4, at), frame.subarray(at)]);
    case 4: // something left out
      return Buffer.concat([frame.subarray(0, at), frame.subarray(at + 4)]);
    default: // a part twice
      return Buffer.concat([frame, frame.subarray(at)]);
  }
}
