"use client";

import { useRef, useState } from "react";
import { IncidentChoice } from "@/components/incidents/incident-choice";
import { Panel } from "@/components/lib/panel";
import { Refusal } from "@/components/lib/refusal";
import { usePerson } from "@/components/shell/shell-context";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { controlStyle } from "@/components/ui/input";
import { Textarea } from "@/components/ui/textarea";
import { mayCall } from "@/server/auth/policy";
import { type AuditQuestion, auditExportRoles, exportBounds } from "@/server/audit/schemas";
import { type ExportProgress, fileName, readExport } from "./export-model";

type Format = "csv" | "jsonl";
type State =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly progress: ExportProgress | null }
  | { readonly kind: "done"; readonly said: string }
  | { readonly kind: "failed"; readonly why: string };

const count = (n: number) => Math.round(n).toLocaleString("en-US");
const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`;

function save(parts: BlobPart[], name: string): void {
  const url = URL.createObjectURL(new Blob(parts));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** Exports the events of the search; the bound is said before, progress while, and it can be stopped. */
export function ExportPanel({ question }: { question: AuditQuestion }) {
  const { roles } = usePerson();
  const [format, setFormat] = useState<Format>("csv");
  const [whole, setWhole] = useState(false);
  const [reason, setReason] = useState("");
  const [incidentId, setIncidentId] = useState<string | null>(null);
  const [state, setState] = useState<State>({ kind: "idle" });
  const abort = useRef<AbortController | null>(null);
  const running = state.kind === "running";

  async function run() {
    const controller = new AbortController();
    abort.current = controller;
    setState({ kind: "running", progress: null });
    try {
      const answer = await fetch("/api/exports/audit", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          ...question,
          format,
          ...(whole ? { reason: reason.trim() } : {}),
          ...(incidentId === null ? {} : { incidentId }),
        }),
        signal: controller.signal,
      });
      if (!answer.ok || answer.body === null) {
        const { message } = (await answer.json()) as { message?: string };
        setState({ kind: "failed", why: message ?? "The console did not answer as expected." });
        return;
      }
      const read = await readExport(answer.body, format === "csv" ? 1 : 0, (progress) =>
        setState({ kind: "running", progress }),
      );
      const name = fileName(answer.headers.get("content-disposition"));
      save(read.parts, name);
      const cut =
        read.events >= exportBounds.rows
          ? ` That is the bound: older events are not in it. Narrow the window to get them.`
          : "";
      setState({
        kind: "done",
        said: `${count(read.events)} events are in ${name}.${cut} Its SHA-256 is on the record.`,
      });
    } catch {
      setState({
        kind: "failed",
        why: controller.signal.aborted
          ? "Stopped. Nothing was saved; how far it came is on the record."
          : "The export was broken off and nothing was saved. Try again.",
      });
    }
  }

  const allowed = roles.some((role) => auditExportRoles.includes(role));
  return (
    <Panel
      title="Export"
      state={
        allowed
          ? { kind: "live" }
          : { kind: "not-allowed", ask: `Exports are for ${auditExportRoles.join(", ")}. Ask one of them.` }
      }
    >
      <div className="flex flex-col gap-3 px-3 py-3">
        <p className="max-w-prose text-muted-foreground">
          All events of this search, newest first: at most {count(exportBounds.rows)} of them, of at most{" "}
          {count(exportBounds.lookedAt)} looked at. Who exports what goes on the record. CSV is safe to open in a
          spreadsheet; JSON lines keep every value as it is stored.
        </p>
        <div className="flex flex-wrap items-end gap-3">
          <Field label="Format" className="w-full sm:w-40">
            {(ids) => (
              <select
                {...ids}
                value={format}
                disabled={running}
                onChange={(event) => setFormat(event.target.value === "jsonl" ? "jsonl" : "csv")}
                className={controlStyle}
              >
                <option value="csv">CSV</option>
                <option value="jsonl">JSON lines</option>
              </select>
            )}
          </Field>
          <IncidentChoice value={incidentId} none="None: the console's own record" onChange={setIncidentId} />
        </div>
        {mayCall("audit.reveal", roles) ? (
          <label className="flex items-center gap-2">
            <input
              type="checkbox"
              checked={whole}
              disabled={running}
              onChange={(event) => setWhole(event.target.checked)}
            />
            Hide nothing, for a reason
          </label>
        ) : null}
        {whole ? (
          <Field
            label="Why nothing may be hidden"
            hint="At least 4 characters. It stays on the record."
            className="max-w-xl"
          >
            {(ids) => (
              <Textarea {...ids} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
            )}
          </Field>
        ) : null}
        <div className="flex flex-wrap items-center gap-3">
          {running ? (
            <Button onClick={() => abort.current?.abort()}>Stop the export</Button>
          ) : (
            <Button disabled={whole && reason.trim().length < 4} onClick={() => void run()}>
              Export
            </Button>
          )}
          <p role="status" className="tabular-nums">
            {running
              ? state.progress === null
                ? "Beginning"
                : `${count(state.progress.events)} events, ${megabytes(state.progress.bytes)}, ${count(state.progress.perSecond)} a second`
              : state.kind === "done"
                ? state.said
                : ""}
          </p>
        </div>
        {state.kind === "failed" ? <Refusal>{state.why}</Refusal> : null}
      </div>
    </Panel>
  );
}
