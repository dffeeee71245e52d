import type { Probed } from "@/server/playbooks/guided/schemas";

/** What a probe says: not done, done, or that it cannot be told just now; each with why, in words. */
export const no = (sentence: string): Probed => ({ done: false, sentence });
export const yes = (sentence: string): Probed => ({ done: true, sentence });
export const unknown = (sentence: string): Probed => ({ done: null, sentence });
