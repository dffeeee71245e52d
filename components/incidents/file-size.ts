/** A size in bytes in its largest sensible unit, cut to one digit: "512 B", "1.4 MB". */
export function fileSize(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  if (bytes < 1_048_576) return `${Math.floor((bytes / 1_024) * 10) / 10} KB`;
  return `${Math.floor((bytes / 1_048_576) * 10) / 10} MB`;
}
