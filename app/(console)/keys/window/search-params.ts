import { parseAsString } from "nuqs/server";

/** The window as it stands in the address: times in UTC as typed, a zone, and the incident that it is looked at for. */
export const windowSearch = {
  since: parseAsString,
  until: parseAsString,
  zone: parseAsString,
  incident: parseAsString,
};
