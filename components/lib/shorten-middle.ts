/** An id cut in the middle, "01a2b3…f4c90": the ends are what people compare. Short ones stay whole. */
export function shortenMiddle(text: string, head = 6, tail = 6): string {
  return text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;
}
