import { parseAsString, parseAsStringLiteral } from "nuqs";
import { guidedPlaybooks } from "@/server/playbooks/guided/schemas";

export const newGuidedSearch = {
  playbook: parseAsStringLiteral(guidedPlaybooks).withDefault("kek-compromise"),
  zone: parseAsString,
  incident: parseAsString,
};
