import { catalogued } from "@/server/playbooks/guided/catalogue";
import type { Playbook } from "@/server/playbooks/guided/playbook";
import {
  backlogLocated,
  nothingStuck,
  readersAlive,
  signaturesHold,
} from "@/server/playbooks/guided/probe-revocation-backlog";
import { sessionsDead } from "@/server/playbooks/guided/probe-revocation-dead";
import { effectVisible, groupsPast, positionNow } from "@/server/playbooks/guided/probe-revocation-proof";

const stream = "caracal.sessions.revoke";
const cli = 'redis-cli -u "$CARACAL_REDIS_URL"';
const page = (tab: "groups" | "pending" | "entries", label: string) => () => ({
  label,
  href: `/streams/${stream}?tab=${tab}`,
});

/** Revocations are published and do not reach STS, gateways or resource servers. */
export const revocationBacklog: Playbook = {
  ...catalogued("revocation-backlog"),
  steps: [
    {
      id: "locate",
      title: "See which group is behind",
      what: "Pending 0 is no proof: what was never delivered is not pending. The ids say how far each group has read.",
      kind: "observe",
      probe: backlogLocated,
      act: page("groups", "Open groups and consumers"),
      commands: () => [{ title: "The groups", command: `${cli} XINFO GROUPS ${stream}` }],
    },
    {
      id: "alive",
      title: "Have every reader alive",
      what: "A consumer that does not ask is dead or frozen, and a group that is behind without any is read by nobody, whatever /ready says; one that asks and is behind is slow. Start what is dead again: at its start it takes up what was pending.",
      kind: "verify",
      probe: readersAlive,
      skippable: true,
      act: () => ({ label: "Open the playbook for a service", href: "/playbooks/guided/new?playbook=service-outage" }),
      commands: () => [
        { title: "STS's consumers", command: `${cli} XINFO CONSUMERS ${stream} sts-revocation` },
        { title: "The gateways'", command: `${cli} XINFO CONSUMERS ${stream} gateway-revocation` },
      ],
    },
    {
      id: "signatures",
      title: "Check the signatures",
      what: "A message whose signature does not hold is acknowledged and dropped: nothing is pending, nothing is applied.",
      kind: "verify",
      probe: signaturesHold,
      skippable: true,
      act: page("entries", "Open the messages"),
    },
    {
      id: "pending",
      title: "Clear what is stuck",
      what: "Claim it to a living consumer and restart that one, or acknowledge what Postgres proves; what is not proved takes two people.",
      kind: "act",
      probe: nothingStuck,
      skippable: true,
      act: page("pending", "Open what is pending"),
      commands: () => [{ title: "What is pending", command: `${cli} XPENDING ${stream} gateway-revocation - + 50` }],
    },
    {
      id: "force",
      title: "Revoke in Postgres, whatever the stream says",
      what: "STS reads the session row: once it says revoked no replica mints for it, and gateways ask STS for every request. Messages whose signature does not hold are named apart: nobody acts on their word. How far the stream has come is kept when you go on.",
      kind: "act",
      probe: sessionsDead,
      report: positionNow,
      holds: true,
      act: () => ({ label: "Revoke what is still active", href: "/playbooks/revoke-session/new" }),
      commands: () => [
        {
          title: "What waits to be published",
          command: `psql "$CARACAL_DATABASE_URL" -c "SELECT id, attempts, available_at, last_error FROM event_outbox WHERE dispatched_at IS NULL AND stream_name = '${stream}' ORDER BY available_at LIMIT 50"`,
        },
      ],
    },
    {
      id: "proof",
      title: "Prove that every group is past the newest",
      what: "Each group has been given everything up to the id that the stream was at when everything was revoked, and nothing up to it is pending.",
      kind: "verify",
      probe: groupsPast,
      holds: true,
      act: page("groups", "Open groups and consumers"),
    },
    {
      id: "effect",
      title: "See the effect",
      what: "Read is not applied. What Postgres, resource servers and each gateway hold is asked for; a gateway that restarted has forgotten, and new mandates are refused all the same.",
      kind: "verify",
      probe: effectVisible,
      skippable: true,
    },
  ],
};
