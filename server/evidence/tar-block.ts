export const blockSize = 512;

export type TarMember = { readonly name: string; readonly size: number; readonly mtime: number };

const ascii = (block: Buffer, from: number, length: number): string => {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString("latin1");
};
const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, "0")} `;

/** The one form in which a bundle's members are announced: a USTAR header of a plain file, mode 0644, owner 0. */
export function headerOf({ name, size, mtime }: TarMember): Buffer {
  const block = Buffer.alloc(blockSize);
  const slash = Buffer.byteLength(name) > 100 ? name.indexOf("/") : -1;
  block.write(slash === -1 ? name : name.slice(slash + 1), 0, 100, "latin1");
  block.write(octal(0o644, 6), 100);
  block.write(octal(0, 6), 108);
  block.write(octal(0, 6), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(mtime, 11), 136);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\u000000", 257);
  block.write(octal(0, 6), 329);
  block.write(octal(0, 6), 337);
  if (slash !== -1) block.write(name.slice(0, slash), 345, 155, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0`, 148);
  return block;
}

/** What a header announces, or null when it is not, byte for byte, the header that a bundle has for that. */
export function readHeader(block: Buffer): TarMember | null {
  const prefix = ascii(block, 345, 155);
  const name = `${prefix === "" ? "" : `${prefix}/`}${ascii(block, 0, 100)}`;
  const [size, mtime] = [ascii(block, 124, 12), ascii(block, 136, 12)];
  if (!/^[0-7]{11} $/.test(size) || !/^[0-7]{11} $/.test(mtime)) return null;
  const member = { name, size: Number.parseInt(size, 8), mtime: Number.parseInt(mtime, 8) };
  return headerOf(member).equals(block) ? member : null;
}
