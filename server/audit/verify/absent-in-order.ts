import type { Absent } from "@/server/audit/verify/finding";

/** The events of a zone that only the stream has, as a walk along the chain asks for them: in ascending order, each once. */
export class AbsentInOrder {
  passed: readonly Absent[] = []; // those that the walk has left behind without telling them
  private readonly events: readonly Absent[];
  private looked = 0; // those before it were taken or passed

  constructor(events: readonly Absent[]) {
    this.events = [...events].sort((a, b) => a.seq - b.seq);
  }

  /** Goes on where a walk was left after a seq. */
  resume(passed: readonly Absent[], after: number): void {
    this.passed = passed;
    const next = this.events.findIndex(({ seq }) => seq > after);
    this.looked = next === -1 ? this.events.length : next;
  }

  /** Those that stood from one seq to another. */
  take(from: number, to: number): Absent[] {
    const found: Absent[] = [];
    const passed: Absent[] = [];
    for (let one = this.events[this.looked]; one !== undefined && !one.tail && one.seq <= to; ) {
      (one.seq >= from ? found : passed).push(one);
      this.looked += 1;
      one = this.events[this.looked];
    }
    if (passed.length > 0) this.passed = [...this.passed, ...passed];
    return found;
  }

  /** The same where the walk has been already. */
  takePassed(from: number, to: number): Absent[] {
    const inside = ({ seq }: Absent) => seq >= from && seq <= to;
    const found = [...this.passed.filter(inside), ...this.take(from, to)];
    this.passed = this.passed.filter((one) => !inside(one));
    return found;
  }

  /** What nobody asked for. */
  rest(): readonly Absent[] {
    return [...this.passed, ...this.events.slice(this.looked)];
  }
}
