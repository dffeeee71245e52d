import { expect, it } from "vitest";
import { fileName, readExport } from "./export-model";

const stream = (...chunks: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });

it("counts events as they come, and keeps every byte", async () => {
  const told: number[] = [];
  let clock = 0;
  const read = await readExport(
    stream("id,zone\r\n1,a\r", "\n2,b\r\n"),
    1,
    ({ events }) => told.push(events),
    () => (clock += 500),
  );
  expect(told).toEqual([0, 2]);
  expect(read.events).toBe(2);
  expect(await new Blob(read.parts).text()).toBe("id,zone\r\n1,a\r\n2,b\r\n");
});

it("takes the name from the answer", () => {
  expect(fileName('attachment; filename="audit-events-z-2026-11-23.csv"')).toBe("audit-events-z-2026-11-23.csv");
  expect(fileName(null)).toBe("audit-events");
});
