import { parse, stringify } from "lossless-json";

/** JSON text on several lines, every number kept digit by digit. Text that is no JSON comes back as it is. */
export function prettyJson(text: string): string {
  try {
    return stringify(parse(text), undefined, 2) ?? text;
  } catch {
    return text;
  }
}
