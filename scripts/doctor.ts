import { parseArgs } from "node:util";
import { messageOf } from "@/server/platform/errors";
import { readSettings, SettingsError } from "@/server/platform/settings";
import { diagnose } from "@/server/runtime/doctor/diagnose";
import { fail } from "@/server/runtime/doctor/finding";
import { reportJson, reportText } from "@/server/runtime/doctor/report";

const help = `Checks everything a console with the settings of this environment depends on, and says what to fix.

  npm run doctor              for people
  npm run doctor -- --json    for programs

Exit code: 0 when nothing is to be fixed, 1 when something is, 2 when the settings themselves need attention.`;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help === true) {
    console.log(help);
    return 0;
  }
  const report = values.json === true ? reportJson : reportText;
  try {
    const findings = await diagnose(readSettings(process.env));
    console.log(report(findings));
    return findings.some(({ status }) => status === "fail") ? 1 : 0;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    console.log(
      report(error.problems.map((problem) => fail("settings", problem, "See the table of settings in README.md."))),
    );
    return 2;
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  },
);
