/** A size in bytes in its largest sensible unit, cut to one digit: "512 B", "1.4 MB". */
export function fileSize(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${Math.floor((bytes / 1_024) * 10) / 10} KB`;
  if (bytes < 1_073_741_824) return `${Math.floor((bytes / 1_048_576) * 10) / 10} MB`;
  return `${Math.floor((bytes / 1_073_741_824) * 10) / 10} GB`;
}
