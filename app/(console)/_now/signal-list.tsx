"use client";

import { useState } from "react";
import { Panel } from "@/components/lib/panel";
import { TimeStamp } from "@/components/lib/time-stamp";
import { useHistory, useSnapshot } from "@/components/live/live-hooks";
import { useNow } from "@/components/live/now";
import { usePerson } from "@/components/shell/shell-context";
import { mayCall } from "@/server/auth/policy";
import { DeclareSignal } from "./declare-signal";
import { holdOrder, splitSignals } from "./signal-order";
import { splitSnoozed } from "./signal-marks";
import { SignalRow } from "./signal-row";
import { SnoozedSignals } from "./snoozed-signals";
import { useSignalMarks } from "./use-signal-marks";

function NothingWrong({ at, unseen }: { at: number; unseen: number }) {
  return (
    <div className="px-3 py-5">
      <p className="text-base font-medium">Nothing wrong that can be seen.</p>
      <p className="text-muted-foreground">
        Last look <TimeStamp at={at} show="age" />.{unseen > 0 ? " What cannot be seen is listed below." : ""}
      </p>
    </div>
  );
}

/** What is wrong now, worst first. The order waits while the pointer or the focus is on the list. */
export function SignalList() {
  const snapshot = useSnapshot();
  const person = usePerson();
  const marks = useSignalMarks();
  const now = useNow() ?? snapshot.at;
  const { wrong: all, noise } = splitSignals(snapshot.signals);
  const { shown: wrong, snoozed } = splitSnoozed(all, marks, now);
  const history = useHistory(wrong.flatMap((signal) => signal.series ?? []));
  const [heldKeys, setHeldKeys] = useState<readonly string[] | null>(null);
  const shown = heldKeys === null ? wrong : holdOrder(heldKeys, wrong);
  const hold = () => setHeldKeys((held) => held ?? wrong.map((signal) => signal.key));
  const release = () => setHeldKeys(null);
  return (
    <Panel
      title="What is wrong now"
      note={
        <span className="inline-block min-w-32">
          {wrong.length === 0 ? "" : heldKeys === null ? "Worst first" : "Order held while you are on it"}
        </span>
      }
      actions={mayCall("system.declareSignal", person.roles) ? <DeclareSignal /> : null}
    >
      {all.length === 0 ? <NothingWrong at={snapshot.at} unseen={snapshot.unseen.length} /> : null}
      <ul
        onPointerEnter={hold}
        onPointerLeave={release}
        onFocus={hold}
        onBlur={release}
        aria-label="Signals, worst first"
      >
        {shown.map((signal) => (
          <SignalRow
            key={signal.key}
            signal={signal}
            mark={marks.get(signal.key)}
            until={snapshot.at}
            series={signal.series ? history.get(signal.series) : undefined}
          />
        ))}
      </ul>
      {wrong.length === 0 && snoozed.length > 0 ? (
        <p className="px-3 py-3">Nothing else is wrong that can be seen; what is wrong has been snoozed.</p>
      ) : null}
      <SnoozedSignals signals={snoozed} marks={marks} />
      {noise.length > 0 ? (
        <ul aria-label="Known noise" className="border-t bg-muted/40 px-3 py-2 text-xs text-muted-foreground">
          {noise.map((signal) => (
            <li key={signal.key} className="py-0.5">
              <span className="font-medium">Known noise:</span> {signal.sentence}. {signal.noise}
            </li>
          ))}
        </ul>
      ) : null}
      {snapshot.unseen.length > 0 ? (
        <details className="border-t px-3 py-2 text-xs text-muted-foreground" open={all.length === 0}>
          <summary className="cursor-pointer">
            {snapshot.unseen.length === 1 ? "One thing" : `${snapshot.unseen.length} things`} that cannot be seen from
            here
          </summary>
          <ul className="mt-1 list-disc pl-4">
            {snapshot.unseen.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </details>
      ) : null}
    </Panel>
  );
}
