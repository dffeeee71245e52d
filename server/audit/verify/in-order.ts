/** Works on so many at once and gives each with what came of it, in the order in which they were given. */
export async function* inOrder<Given, Made>(
  given: Iterable<Given> | AsyncIterable<Given>,
  atOnce: number,
  work: (one: Given) => Promise<Made>,
): AsyncGenerator<readonly [Given, Made]> {
  const under: (readonly [Given, Promise<Made>])[] = [];
  const first = async (): Promise<readonly [Given, Made]> => {
    const [one, made] = under.shift() as (typeof under)[0];
    return [one, await made];
  };
  for await (const one of given) {
    const made = work(one);
    made.catch(() => undefined); // it is thrown when its turn comes
    under.push([one, made]);
    if (under.length >= atOnce) yield await first();
  }
  while (under.length > 0) yield await first();
}
