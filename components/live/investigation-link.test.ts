import { TRPCClientError } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import { expect, test } from "vitest";
import { investigationLink } from "@/components/live/investigation-link";
import { investigationQuestions } from "@/components/live/investigation-question";

type Operation = Parameters<ReturnType<typeof investigationLink>>[0]["op"];

const refusal = (underInvestigation: boolean) => {
  const error = new TRPCClientError("Nothing was done: a tamper investigation is open on zone payments");
  return Object.assign(error, { data: { facts: underInvestigation ? { underInvestigation: true } : {} } });
};

/** Sends one call through the link to a server that wants a reason; gives what was sent and what came of it. */
function send(type: "mutation" | "query", guarded = true) {
  const sent: unknown[] = [];
  const heard: string[] = [];
  const done = new Promise<void>((resolve) => {
    const op = { id: 1, type, path: "brakes.thaw", input: { freezeId: "f" }, context: {}, signal: null } as Operation;
    investigationLink({} as never)({
      op,
      next: ({ input }) =>
        observable((observer) => {
          sent.push(input);
          if ("investigationReason" in (input as object)) {
            observer.next({ result: { type: "data", data: "thawed" } } as never);
            observer.complete();
          } else observer.error(refusal(guarded) as never);
        }),
    }).subscribe({
      next: () => heard.push("thawed"),
      error: (error) => {
        heard.push(error.message);
        resolve();
      },
      complete: () => {
        heard.push("complete");
        resolve();
      },
    });
  });
  return { sent, heard, done };
}

test("a refused act asks for the reason and is sent once more with it", async () => {
  const { sent, heard, done } = send("mutation");
  const question = investigationQuestions.first();
  expect(question?.refusal).toContain("a tamper investigation is open");
  question?.answer("The thief mints still");
  await done;
  expect(sent).toEqual([{ freezeId: "f" }, { freezeId: "f", investigationReason: "The thief mints still" }]);
  expect(heard).toEqual(["thawed", "complete"]);
  expect(investigationQuestions.first()).toBeNull();
});

test("who gives no reason has the refusal, and nothing is sent again", async () => {
  const { sent, heard, done } = send("mutation");
  investigationQuestions.first()?.answer(null);
  await done;
  expect(sent).toHaveLength(1);
  expect(heard).toEqual([expect.stringContaining("Nothing was done")]);
});

test.each([
  ["a query", "query", true],
  ["another refusal", "mutation", false],
] as const)("%s passes as it is", async (_what, type, guarded) => {
  const { sent, heard, done } = send(type, guarded);
  expect(investigationQuestions.first()).toBeNull();
  await done;
  expect([sent.length, heard.length]).toEqual([1, 1]);
});
