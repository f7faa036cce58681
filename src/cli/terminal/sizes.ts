const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes for people: `812 bytes`, `1.5 KiB`, `20 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  let size = bytes / 1024;
  let at = 0;
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at += 1;
  }
  return `${size < 10 ? Number(size.toFixed(1)) : Math.round(size)} ${units[at]}`;
}
