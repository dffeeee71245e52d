"use client";

import { createContext, useContext } from "react";
import type { Role } from "@/server/auth/roles";

export type Person = { readonly id: string; readonly name: string; readonly roles: readonly Role[] };

/** Who is signed in. Decides only what is offered; the server decides what is allowed. */
export const PersonContext = createContext<Person | null>(null);

/** The signed-in person. Throws outside of the shell: a mistake of ours, not a state. */
export function usePerson(): Person {
  const person = useContext(PersonContext);
  if (person === null) throw new Error("the shell is missing above this component");
  return person;
}
