import { parseAsString } from "nuqs";

export const preserveSearch = {
  zone: parseAsString,
  incident: parseAsString,
  since: parseAsString,
  until: parseAsString,
  partition: parseAsString,
};
