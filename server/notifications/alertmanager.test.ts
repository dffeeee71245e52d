import { describe, expect, test } from "vitest";
import { alertmanagerPayload, severityOf, signalsOf } from "@/server/notifications/alertmanager";

const alert = {
  status: "firing",
  labels: { alertname: "StsErrors", severity: "critical", instance: "sts-1:8080", zone_id: "zone-a" },
  annotations: { summary: "<b>STS</b> answers\n5xx", description: "long" },
  startsAt: "2026-11-24T02:00:00.123456789Z",
  endsAt: "0001-01-01T00:00:00Z",
  generatorURL: "http://prometheus.example/graph",
  fingerprint: "9f2c5b1d3e4a6f70",
};
const payload = (alerts: readonly object[]) => ({
  version: "4",
  groupKey: "{}",
  status: "firing",
  receiver: "console",
  alerts,
});

describe("alerts of Alertmanager", () => {
  test.each([
    [{ severity: "critical" }, "P2"],
    [{ severity: "Critical", caracal_severity: "p1" }, "P1"],
    [{ severity: "warning" }, "P3"],
    [{ severity: "info" }, "P4"],
    [{ severity: "purple" }, "P3"],
    [{ caracal_severity: "P0" }, "P3"],
    [{}, "P3"],
  ])("labels %j are %s", (labels, severity) => expect(severityOf(labels)).toBe(severity));

  test("one line of plain text with the labels that matter", () => {
    const [signal] = signalsOf(alertmanagerPayload.parse(payload([alert])));
    expect(signal).toEqual({
      key: "9f2c5b1d3e4a6f70",
      firing: true,
      severity: "P2",
      sentence: "StsErrors: <b>STS</b> answers 5xx (instance=sts-1:8080, zone_id=zone-a)",
      zoneId: "zone-a",
      startsAt: "2026-11-24T02:00:00.123456Z",
    });
  });

  test("the last word on a fingerprint counts", () => {
    const signals = signalsOf(alertmanagerPayload.parse(payload([alert, { ...alert, status: "resolved" }])));
    expect(signals.map(({ firing }) => firing)).toEqual([false]);
  });

  test.each([
    ["another version", { ...payload([alert]), version: "3" }],
    ["501 alerts", payload(Array.from({ length: 501 }, () => alert))],
    ["no fingerprint", payload([{ ...alert, fingerprint: undefined }])],
    ["a fingerprint that is none", payload([{ ...alert, fingerprint: "' OR 1=1" }])],
    ["a status that is none", payload([{ ...alert, status: "maybe" }])],
    ["a start that is none", payload([{ ...alert, startsAt: "yesterday" }])],
    ["labels that are no texts", payload([{ ...alert, labels: { alertname: 7 } }])],
    [
      "101 labels",
      payload([{ ...alert, labels: Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`l${at}`, "x"])) }]),
    ],
  ])("refuses %s", (_what, body) => expect(alertmanagerPayload.safeParse(body).success).toBe(false));
});
