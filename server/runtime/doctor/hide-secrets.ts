import { keyNames, secretNames, type Settings } from "@/server/platform/settings";
import type { Finding } from "@/server/runtime/doctor/finding";

const hidden = "(hidden)";
const shortest = 6; // shorter ones are words that sentences need, and no error text repeats them

function asMeant(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded; // a bare % in it: drivers take it as it stands
  }
}

/** Every text inside a setting, however deep: NOTIFY_CHANNELS is a list of records. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Every text that must not be shown: the secret settings as they are, and the passwords inside addresses, as written and as meant. */
function secretsOf(settings: Settings): readonly string[] {
  const values = [...secretNames, ...keyNames].flatMap((name) => textsIn(settings[name]));
  const addresses = [...values, ...textsIn(Object.values(settings).filter((value) => Array.isArray(value)))].filter(
    (value) => URL.canParse(value),
  );
  const passwords = addresses.flatMap((value) => {
    const { password } = new URL(value);
    return [password, asMeant(password)];
  });
  return [...values, ...passwords].filter((text) => text.length >= shortest).sort((a, b) => b.length - a.length);
}

/** The finding without any secret that a driver's or a service's own words may have brought along. */
export function hideSecrets(settings: Settings, finding: Finding): Finding {
  let { found } = finding;
  for (const secret of secretsOf(settings)) found = found.replaceAll(secret, hidden);
  return { ...finding, found };
}
