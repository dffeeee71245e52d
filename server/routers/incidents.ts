import type { Actor } from "@/server/auth/roles";
import { verifyIncident } from "@/server/evidence/verify-incident";
import { addMember, removeMember, restrictIncident, setRole } from "@/server/incidents/assign";
import { changeSeverity } from "@/server/incidents/change-severity";
import { declareIncident } from "@/server/incidents/declare-incident";
import { getIncident } from "@/server/incidents/get-incident";
import { addLink, removeLink } from "@/server/incidents/links";
import { listIncidents } from "@/server/incidents/list-incidents";
import { mergeIncidents } from "@/server/incidents/merge-incidents";
import { moveIncident } from "@/server/incidents/move-incident";
import { acknowledgeIncident, addNote, pinEntry } from "@/server/incidents/notes";
import { listPeople } from "@/server/incidents/people";
import {
  ackIncidentInput,
  changeSeverityInput,
  declareIncidentInput,
  incidentInput,
  linkInput,
  listIncidentsInput,
  memberInput,
  mergeInput,
  moveIncidentInput,
  noteInput,
  peopleInput,
  pinInput,
  restrictInput,
  setRoleInput,
} from "@/server/incidents/schemas";
import type { Console } from "@/server/runtime/console";
import { listTimeline } from "@/server/timeline/list-timeline";
import { timelineInput } from "@/server/timeline/schemas";
import { procedure, router } from "@/server/trpc/procedures";

const by = (ctx: { actor: Actor; console: Console }) => ({
  db: ctx.console.db,
  caracal: ctx.console.caracal,
  settings: ctx.console.settings,
  actor: ctx.actor,
});

export const incidentsRouter = router({
  list: procedure.input(listIncidentsInput).query(({ ctx, input }) => listIncidents({ ctx: by(ctx), input })),
  get: procedure.input(incidentInput).query(({ ctx, input }) => getIncident({ ctx: by(ctx), input })),
  timeline: procedure.input(timelineInput).query(({ ctx, input }) => listTimeline({ ctx: by(ctx), input })),
  verify: procedure.input(incidentInput).query(({ ctx, input }) => verifyIncident({ ctx: by(ctx), input })),
  people: procedure.input(peopleInput).query(({ ctx, input }) => listPeople({ ctx: by(ctx), input })),
  declare: procedure.input(declareIncidentInput).mutation(({ ctx, input }) => declareIncident({ ctx: by(ctx), input })),
  changeSeverity: procedure
    .input(changeSeverityInput)
    .mutation(({ ctx, input }) => changeSeverity({ ctx: by(ctx), input })),
  move: procedure.input(moveIncidentInput).mutation(({ ctx, input }) => moveIncident({ ctx: by(ctx), input })),
  restrict: procedure.input(restrictInput).mutation(({ ctx, input }) => restrictIncident({ ctx: by(ctx), input })),
  setRole: procedure.input(setRoleInput).mutation(({ ctx, input }) => setRole({ ctx: by(ctx), input })),
  addMember: procedure.input(memberInput).mutation(({ ctx, input }) => addMember({ ctx: by(ctx), input })),
  removeMember: procedure.input(memberInput).mutation(({ ctx, input }) => removeMember({ ctx: by(ctx), input })),
  merge: procedure.input(mergeInput).mutation(({ ctx, input }) => mergeIncidents({ ctx: by(ctx), input })),
  addLink: procedure.input(linkInput).mutation(({ ctx, input }) => addLink({ ctx: by(ctx), input })),
  removeLink: procedure.input(linkInput).mutation(({ ctx, input }) => removeLink({ ctx: by(ctx), input })),
  note: procedure.input(noteInput).mutation(({ ctx, input }) => addNote({ ctx: by(ctx), input })),
  pin: procedure.input(pinInput).mutation(({ ctx, input }) => pinEntry({ ctx: by(ctx), input })),
  acknowledge: procedure
    .input(ackIncidentInput)
    .mutation(({ ctx, input }) => acknowledgeIncident({ ctx: by(ctx), input })),
});
