import fc from "fast-check";
import { expect, it } from "vitest";
import { csvLine } from "@/server/platform/csv";

it("quotes what must be quoted, and lets no text begin a formula", () => {
  expect(csvLine(["a", 'say "hi"', "x,y", null, 3, false])).toBe('a,"say ""hi""","x,y",,3,false\r\n');
  expect(csvLine(["=cmd|' /C calc'!A0", "-2+3", "+1", "@x", "\tx", -4])).toBe(
    "'=cmd|' /C calc'!A0,'-2+3,'+1,'@x,'\tx,-4\r\n",
  );
  expect(csvLine(["'+", "'quoted'"])).toBe("''+,'quoted'\r\n");
});

it("whatever a cell holds, a reader gets it back and no cell begins with a formula's sign", () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 6 }), (cells) => {
      const line = csvLine(cells);
      const read: string[] = [];
      let rest = line.slice(0, -2);
      for (;;) {
        const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
        const plain = /^[^,]*/.exec(rest)?.[0] ?? "";
        const text = quoted === null ? plain : (quoted[1] ?? "").replaceAll('""', '"');
        read.push(text);
        rest = rest.slice(quoted === null ? plain.length : quoted[0].length);
        if (rest === "") break;
        rest = rest.slice(1);
      }
      expect(read.map((text) => text.replace(/^'(?='*[=+\-@\t\r])/, ""))).toEqual(cells);
      for (const text of read) expect(text).not.toMatch(/^[=+\-@\t\r]/);
    }),
    { examples: [[["'+", ""]]] },
  );
});
