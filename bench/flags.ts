/** The value of `--name VALUE` or `--name=VALUE` on the command line of a bench. */
function flagOf(name: string): string | undefined {
  const given = process.argv;
  const at = given.indexOf(`--${name}`);
  return at >= 0 ? given[at + 1] : given.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3);
}

/** How many, as a flag says it, else so many. @throws when the flag is no whole number */
export function sizeOf(name: string, otherwise: number): number {
  const given = flagOf(name)?.replaceAll(/[_,]/g, "");
  if (given === undefined) return otherwise;
  if (!/^[1-9]\d{0,11}$/.test(given))
    throw new Error(`--${name} wants a whole number, for example --${name} ${otherwise}`);
  return Number(given);
}

/** Which parts of a bench to run: those of `--only a,b`, else all. @throws when it names an unknown one */
export function partsOf<T>(parts: Readonly<Record<string, T>>): readonly T[] {
  const names = flagOf("only")?.split(",") ?? Object.keys(parts);
  return names.map((name) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`--only: "${name}" is none of ${Object.keys(parts).join(", ")}`);
    return part;
  });
}
