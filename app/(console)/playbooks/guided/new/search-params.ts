import { parseAsString, parseAsStringLiteral } from "nuqs";
import { aboutServices, guidedPlaybooks } from "@/server/playbooks/guided/schemas";

export const newGuidedSearch = {
  playbook: parseAsStringLiteral(guidedPlaybooks).withDefault("kek-compromise"),
  zone: parseAsString,
  service: parseAsStringLiteral(aboutServices).withDefault("sts"),
  incident: parseAsString,
};
